//! Taking down what was changed and by whom.

use crate::auth::Caller;
use crate::problem::Refusal;
use crate::shared::Shared;
use state::audit::NewEntry;

/// Notes what a caller did. What cannot be noted is answered as a fault: it was done, but nobody can prove it.
pub(crate) async fn note(
    shared: &Shared,
    caller: &Caller,
    action: &str,
    subject: &str,
    detail: &str,
) -> Result<(), Refusal> {
    let new = NewEntry { actor: &caller.actor(), action, subject, detail };
    shared.store.note(new, shared.clock.now()).await.map_err(Refusal::internal)?;
    Ok(())
}
