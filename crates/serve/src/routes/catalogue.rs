//! `/products`, `/stock`, `/prices`: search, a product's page and picture, and the write side with idempotency keys.

use super::{Reply, document, reply};
use crate::auth::Caller;
use crate::extract::{AcceptLanguage, Json, Path, Query, body_up_to};
use crate::idempotency;
use crate::problem::Refusal;
use crate::shared::AppState;
use crate::wire::catalogue::{
    PricesWrite, Product, ProductQuery, ProductWrite, Products, ReaderQuery, StockWrite, Written,
};
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(products))
        .routes(routes!(search_by_picture))
        .routes(routes!(product, put_product))
        .routes(routes!(similar_products))
        .routes(routes!(picture))
        .routes(routes!(put_stock))
        .routes(routes!(put_prices))
}

/// Searches the catalogue by words in any language, or lists it.
#[utoipa::path(get, path = "/products", tag = "catalogue", params(ProductQuery, ("Accept-Language" = Option<String>, Header, description = "Languages that the reader wants, where `locale` is not given")), responses((status = 200, body = Products)))]
async fn products(
    State(shared): State<AppState>,
    AcceptLanguage(accept): AcceptLanguage,
    Query(mut query): Query<ProductQuery>,
) -> Reply<Products> {
    query.accept_language = accept;
    reply(shared.answers.products(&query).await)
}

/// Products that look like a picture: JPEG, PNG, WebP, GIF, BMP or TIFF.
#[utoipa::path(
    post, path = "/products/search-by-picture", tag = "catalogue",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), params(ReaderQuery, ("Accept-Language" = Option<String>, Header, description = "Languages that the reader wants, where `locale` is not given")),
    responses((status = 200, body = Products))
)]
async fn search_by_picture(
    State(shared): State<AppState>,
    AcceptLanguage(accept): AcceptLanguage,
    Query(mut reader): Query<ReaderQuery>,
    request: Request,
) -> Reply<Products> {
    reader.accept_language = accept;
    let picture = body_up_to(request, shared.config.picture_bytes).await?;
    if picture.is_empty() {
        return Err(Refusal::bad_request("the body is empty", "send the bytes of a picture").at("body", "empty"));
    }
    reply(shared.answers.search_by_picture(picture, &reader).await)
}

/// One product.
#[utoipa::path(
    get, path = "/products/{id}", tag = "catalogue",
    params(("id" = String, Path, description = "The product"), ReaderQuery, ("Accept-Language" = Option<String>, Header, description = "Languages that the reader wants, where `locale` is not given")),
    responses((status = 200, body = Product))
)]
async fn product(
    State(shared): State<AppState>,
    Path(id): Path<String>,
    AcceptLanguage(accept): AcceptLanguage,
    Query(mut reader): Query<ReaderQuery>,
) -> Reply<Product> {
    reader.accept_language = accept;
    reply(shared.answers.product(&id, &reader).await)
}

/// Products like it.
#[utoipa::path(
    get, path = "/products/{id}/similar", tag = "catalogue",
    params(("id" = String, Path, description = "The product"), ReaderQuery, ("Accept-Language" = Option<String>, Header, description = "Languages that the reader wants, where `locale` is not given")),
    responses((status = 200, body = Products))
)]
async fn similar_products(
    State(shared): State<AppState>,
    Path(id): Path<String>,
    AcceptLanguage(accept): AcceptLanguage,
    Query(mut reader): Query<ReaderQuery>,
) -> Reply<Products> {
    reader.accept_language = accept;
    reply(shared.answers.similar_products(&id, &reader).await)
}

/// The picture of a product.
#[utoipa::path(
    get, path = "/products/{id}/picture", tag = "catalogue",
    params(("id" = String, Path, description = "The product")),
    responses((status = 200, description = "The picture", body = Vec<u8>, content_type = "image/*"))
)]
async fn picture(State(shared): State<AppState>, Path(id): Path<String>) -> Result<Response, Refusal> {
    document(shared.answers.picture(&id).await)
}

/// Adds or changes a product. Repeated with the same `Idempotency-Key`, it is done once.
#[utoipa::path(
    put, path = "/products/{id}", tag = "catalogue", request_body = ProductWrite,
    params(
        ("id" = String, Path, description = "The product"),
        ("Idempotency-Key" = Option<String>, Header, description = "A name of this write, up to 200 characters"),
    ),
    responses((status = 200, body = Written))
)]
async fn put_product(
    State(shared): State<AppState>,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Json(product): Json<ProductWrite>,
) -> Result<Response, Refusal> {
    let write = || shared.answers.put_product(&id, &product);
    idempotency::once(&shared, caller.id(), &headers, &("product", &id, &product), write).await
}

/// Sets levels of stock.
#[utoipa::path(
    put, path = "/stock", tag = "catalogue", request_body = StockWrite,
    params(("Idempotency-Key" = Option<String>, Header, description = "A name of this write, up to 200 characters")),
    responses((status = 200, body = Written))
)]
async fn put_stock(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Json(stock): Json<StockWrite>,
) -> Result<Response, Refusal> {
    idempotency::once(&shared, caller.id(), &headers, &("stock", &stock), || shared.answers.put_stock(&stock)).await
}

/// Sets prices.
#[utoipa::path(
    put, path = "/prices", tag = "catalogue", request_body = PricesWrite,
    params(("Idempotency-Key" = Option<String>, Header, description = "A name of this write, up to 200 characters")),
    responses((status = 200, body = Written))
)]
async fn put_prices(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Json(prices): Json<PricesWrite>,
) -> Result<Response, Refusal> {
    idempotency::once(&shared, caller.id(), &headers, &("prices", &prices), || shared.answers.put_prices(&prices)).await
}
