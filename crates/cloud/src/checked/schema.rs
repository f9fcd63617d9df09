//! The schema of a foreign cloud: whether it can be true, and what it allows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::lie;
use crate::{AppSchema, CloudError, CloudService, Database, Result, Rules};

/// Fails where a schema cannot be true: something is there twice, or has no name.
pub(super) fn check(schema: &AppSchema) -> Result<()> {
    let mut seen = BTreeSet::new();
    for database in &schema.databases {
        let name = database.cloud_name();
        if name.is_empty() || !seen.insert(name) {
            return Err(lie(format!("its schema has the database '{name}' twice, or without a name")));
        }
        Rules::new(database).map_err(|error| lie(format!("its schema cannot be true: {}", told(error))))?;
    }
    Ok(())
}

/// What the cloud's schema allows for a database that has just been connected to; `None` where it constrains nothing. It is
/// asked for afterwards: a cloud may learn from a connection what its application's tables are.
pub(super) fn rules_for(
    service: &impl CloudService,
    bundle: &str,
    database: &Database,
) -> Result<Option<Arc<Rules>>> {
    let schema = match service.get_app_schema(bundle) {
        Err(CloudError::NotSupported(_)) => return Ok(None),
        schema => schema?,
    };
    if schema.databases.iter().all(|database| database.tables.is_empty()) {
        return Ok(None);
    }
    let name = database.cloud_name();
    let found = schema.databases.iter().find(|known| known.cloud_name() == name);
    let Some(found) = found.or_else(|| schema.databases.iter().find(|known| known.name == database.name))
    else {
        let known: Vec<&str> = schema.databases.iter().map(Database::cloud_name).collect();
        let text = "connect to one of them, or add it to the cloud's schema";
        return Err(CloudError::InvalidArgument(format!(
            "the cloud's schema of {bundle} has no database '{name}', it has {known:?}: {text}"
        )));
    };
    let rules = Rules::new(found)?;
    let unfit = |error| {
        CloudError::InvalidArgument(format!("the cloud's schema of {bundle} does not fit: {}", told(error)))
    };
    rules.fit(database).map_err(unfit)?;
    Ok((!rules.constrain_nothing()).then(|| Arc::new(rules)))
}

/// What a refusal says.
fn told(error: CloudError) -> String {
    match error {
        CloudError::InvalidArgument(text) => text,
        other => other.to_string(),
    }
}
