//! A bundle's assets in a remote cloud.

use std::sync::Arc;

use cloudsync_cloud as cloud;
use cloudsync_cloud::{
    AssetDownload, AssetLoader, AssetUpload, CloudAsset, CloudError, Database, Flow, Result as CloudResult,
    TransferControl,
};

use super::calls::Event;
use super::core::Core;
use super::place::Place;
use super::transfer::{same, transfers};
use super::{download, upload};
use crate::convert;
use crate::frame::{self, Kind};
use crate::message::{BundleDatabase, Claim, Items, Nothing, Prove};

/// A store of assets.
pub(super) struct RemoteLoader(Place<BundleDatabase>);

impl RemoteLoader {
    pub(super) fn connect(core: Arc<Core>, bundle_name: &str, database: &Database) -> CloudResult<Self> {
        let what = convert::database_of(bundle_name, database);
        Ok(RemoteLoader(Place::connect(core, Kind::ConnectAssetLoader, what)?))
    }

    fn prove_all(
        &self,
        table: &str,
        claims: &[cloud::Claim],
        control: &dyn TransferControl,
    ) -> CloudResult<Vec<CloudResult<()>>> {
        let (connection, handle) = self.0.here()?;
        let mut call = connection.begin()?;
        let claims = claims.iter().map(Claim::from).collect();
        call.send(Kind::Prove, &Prove { handle, table: table.to_owned(), claims })?;
        loop {
            match call.next()? {
                Event::Moved(moved) => {
                    if control.advanced(moved.item as usize, moved.bytes) == Flow::Stop {
                        connection.tell(Kind::Stop, call.number, &Nothing {});
                    }
                }
                Event::Working => {}
                Event::Answer(body) => {
                    let items: Items = connection.kept(frame::message(&body))?;
                    let proved = |item: crate::message::Item| match item.failure {
                        Some(failure) => Err(CloudError::from(failure)),
                        None => Ok(()),
                    };
                    return Ok(items.items.into_iter().map(proved).collect());
                }
                other => return connection.unexpected(&other, Kind::Prove),
            }
        }
    }
}

impl AssetLoader for RemoteLoader {
    fn upload(
        &self,
        table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<CloudResult<CloudAsset>> {
        transfers(items, |items| {
            let (connection, handle) = self.0.here()?;
            upload::run(&connection, handle, table, items, control)
        })
    }

    fn download(
        &self,
        table: &str,
        prefix: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<CloudResult<CloudAsset>> {
        transfers(items, |items| {
            let (connection, handle) = self.0.here()?;
            download::run(&connection, handle, (table, prefix), items, control)
        })
    }

    fn prove(
        &self,
        table: &str,
        claims: &[cloud::Claim],
        control: &dyn TransferControl,
    ) -> Vec<CloudResult<()>> {
        self.prove_all(table, claims, control).unwrap_or_else(|error| same(&error, claims.len()))
    }
}
