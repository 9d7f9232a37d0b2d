//! Small values by name, as JSON.

use crate::entity::setting;
use crate::error::StateError;
use crate::store::Store;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::Serialize;
use serde::de::DeserializeOwned;

impl Store {
    /// The value of a setting; `None` when it is not set or not of this type.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        let found = setting::Entity::find_by_id(name).one(&self.db).await?;
        Ok(found.and_then(|row| serde_json::from_str(&row.value).ok()))
    }

    /// Sets a value.
    ///
    /// # Errors
    /// [`StateError::Db`]; [`StateError::Invalid`] when the value has no JSON form.
    pub async fn set<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<(), StateError> {
        let value = serde_json::to_string(value).map_err(|_| StateError::Invalid {
            what: "setting",
            got: name.to_owned(),
            rule: "a value with a JSON form",
        })?;
        let row = setting::ActiveModel { name: Set(name.to_owned()), value: Set(value) };
        let replace = OnConflict::column(setting::Column::Name).update_column(setting::Column::Value).to_owned();
        setting::Entity::insert(row).on_conflict(replace).exec_without_returning(&self.db).await?;
        Ok(())
    }

    /// Removes a setting; tells whether it was there. Of two callers at once one is told so.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn unset(&self, name: &str) -> Result<bool, StateError> {
        Ok(setting::Entity::delete_by_id(name).exec(&self.db).await?.rows_affected == 1)
    }
}
