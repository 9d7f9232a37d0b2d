//! `/session` and `/setup`: signing in and out, the first admin.

use crate::audit;
use crate::auth::{Caller, cookie_name, role};
use crate::extract::Json;
use crate::guard::{Address, Visit};
use crate::problem::Refusal;
use crate::shared::{AppState, Shared};
use crate::wire::session::{SessionInfo, SessionUser, Setup, SignIn};
use axum::Extension;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use state::StateError;
use state::secret::Secret;
use state::sessions::csrf_of;
use state::users::User;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(session, sign_in, sign_out)).routes(routes!(setup))
}

/// Who is signed in, and the token that writes have to carry.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = SessionInfo)))]
async fn session(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    visit: Option<Extension<Visit>>,
) -> Result<axum::Json<SessionInfo>, Refusal> {
    let user = match &caller {
        Caller::Person(user) => Some(user_of(user)),
        Caller::Nobody | Caller::Key(_) => None,
    };
    let setup_needed = shared.store.setup_needed().await.map_err(Refusal::internal)?;
    let csrf = visit.map(|Extension(Visit(token))| csrf_of(&token));
    Ok(axum::Json(SessionInfo { user, csrf, setup_needed }))
}

/// Signs in. Too many wrong passwords are answered with 429 for a quarter of an hour.
#[utoipa::path(
    post, path = "/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = SessionInfo))
)]
async fn sign_in(
    State(shared): State<AppState>,
    Extension(Address(address)): Extension<Address>,
    Json(sign_in): Json<SignIn>,
) -> Result<Response, Refusal> {
    shared.rates.sign_in(address)?;
    let (now, lockout) = (shared.clock.now(), &shared.config.lockout);
    let signed_in = shared.store.sign_in(&sign_in.name, &sign_in.password, &address.to_string(), lockout, now).await;
    match signed_in {
        Ok((user, token)) => {
            let caller = Caller::Person(Arc::new(user.clone()));
            audit::note(&shared, &caller, "session.opened", &user.id, "").await?;
            Ok(opened(&shared, &user, &token))
        }
        Err(StateError::WrongPassword) => {
            let refusal = Refusal::unauthorized("name or password are wrong");
            Err(refusal.next("try again, or ask an admin for a new password"))
        }
        Err(StateError::Locked { until }) => {
            let wait = (until - now).to_std().unwrap_or_default();
            Err(Refusal::too_many("too many wrong passwords", wait))
        }
        Err(why) => Err(why.into()),
    }
}

/// Signs out.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204, description = "Signed out")))]
async fn sign_out(
    State(shared): State<AppState>,
    Extension(Visit(token)): Extension<Visit>,
) -> Result<Response, Refusal> {
    shared.store.sign_out(&token).await.map_err(Refusal::internal)?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(SET_COOKIE, cookie(&shared, "", 0));
    Ok(response)
}

/// Makes the first admin with the token of the one-time link that the server printed, and signs it in.
#[utoipa::path(
    post, path = "/setup", tag = "session", request_body = Setup,
    responses((status = 200, body = SessionInfo))
)]
async fn setup(
    State(shared): State<AppState>,
    Extension(Address(address)): Extension<Address>,
    Json(setup): Json<Setup>,
) -> Result<Response, Refusal> {
    shared.rates.sign_in(address)?;
    let done = shared.store.complete_setup(&setup.token, &setup.name, &setup.password, shared.clock.now()).await;
    let (user, token) = done?;
    let caller = Caller::Person(Arc::new(user.clone()));
    audit::note(&shared, &caller, "setup.completed", &user.id, "").await?;
    Ok(opened(&shared, &user, &token))
}

fn user_of(user: &User) -> SessionUser {
    SessionUser { name: user.name.clone(), role: role(user.role) }
}

fn opened(shared: &Shared, user: &User, token: &Secret) -> Response {
    let csrf = Some(csrf_of(token.reveal()));
    let info = SessionInfo { user: Some(user_of(user)), csrf, setup_needed: false };
    let mut response = axum::Json(info).into_response();
    let lasts = shared.config.sessions.absolute.num_seconds();
    response.headers_mut().insert(SET_COOKIE, cookie(shared, token.reveal(), lasts));
    response
}

/// The cookie of a visit: not for scripts, not for other sites, only encrypted where we know that it is.
fn cookie(shared: &Shared, token: &str, seconds: i64) -> HeaderValue {
    let name = cookie_name(shared.secure);
    let secure = if shared.secure { "; Secure" } else { "" };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    // The token is base64 and the rest is ours: always a header value.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("portolan=; Max-Age=0"))
}
