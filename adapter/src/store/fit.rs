//! Whether the columns here take the values of a page as they are.

use replication::MoveError as Refused;

use super::apply::{Work, values};
use crate::apply::batch::parameters;
use crate::session::Error;
use crate::store_error::MoveError;

impl Work<'_> {
    /// Refuses values that their columns would change: a cast may cut or round one.
    ///
    /// # Errors
    /// [`MoveError::OtherFields`] names the column.
    pub(super) async fn fit(&self) -> Result<(), MoveError> {
        let (session, what) = (self.tx.session, "checking the values");
        for (batch, target) in self.batches.iter().zip(&self.targets) {
            if batch.present.is_empty() {
                continue;
            }
            let (sql, lists) = (target.changed(), values(batch, target));
            session.batch(what, "SAVEPOINT fit").await?;
            let changed = match session.rows(what, &sql, &parameters(&lists)).await {
                Ok(changed) => changed,
                Err(error) => {
                    session.batch(what, "ROLLBACK TO fit").await?;
                    match error.class() {
                        Some("22") => return Err(self.unfit(error).await),
                        // The constraint of a domain counts when the rows are stored.
                        Some("23") => continue,
                        _ => return Err(error.into()),
                    }
                }
            };
            let at = |row: &tokio_postgres::Row| {
                let line = batch.present.get(usize::try_from(row.get::<_, i64>(0) - 1).ok()?)?;
                let column = target.columns.get(usize::try_from(row.get::<_, i32>(1)).ok()?)?;
                Some((line, column))
            };
            if let Some((line, column)) = changed.first().and_then(at) {
                let what = format!(
                    "the column {} of {} is {} here, which would change its value",
                    column.name,
                    batch.member.sql(),
                    column.kind
                );
                return Err(Refused::OtherFields { key: line.key.clone(), what });
            }
            session.batch(what, "RELEASE fit").await?;
        }
        Ok(())
    }

    /// Names the column that does not take a value.
    pub(super) async fn unfit(&self, error: Error) -> MoveError {
        let session = self.tx.session;
        for (batch, target) in self.batches.iter().zip(&self.targets) {
            for column in &target.columns {
                let sql = format!("SELECT count((v)::{}) FROM unnest($1::text[]) v", column.kind);
                if session.batch("looking for the value", "SAVEPOINT value").await.is_err() {
                    return error.into();
                }
                let lists = vec![batch.values(&column.name)];
                let fits = session.rows("looking for the value", &sql, &parameters(&lists)).await;
                if session.batch("looking for the value", "ROLLBACK TO value").await.is_err() {
                    return error.into();
                }
                if let (Err(why), Some(line)) = (fits, batch.present.first()) {
                    let what = format!(
                        "the column {} of {} is {} here and does not take its value: {}",
                        column.name,
                        batch.member.sql(),
                        column.kind,
                        runtime::chain(&why)
                    );
                    return Refused::OtherFields { key: line.key.clone(), what };
                }
            }
        }
        error.into()
    }
}
