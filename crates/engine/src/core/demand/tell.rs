//! What those who wait for files hear.

use std::collections::BTreeSet;

use cloudsync_cloud::CloudError;

use super::super::Core;
use super::super::run::PROGRESS_NS;
use super::{Demand, Waiter, Who};
use crate::event::{ClientId, DownloadErrorType, DownloadProgress, DownloadState, Event};

impl Core {
    /// The bytes are here already: done at once.
    pub(super) fn tell_here(&mut self, client: ClientId, uri: &str, path: &str) {
        let size = self.size_here(path);
        self.events.emit(Event::Download {
            client,
            progress: DownloadProgress {
                state: DownloadState::Completed,
                processed: size,
                size,
                uri: uri.to_string(),
                error: DownloadErrorType::NoError,
            },
        });
    }

    pub(super) fn size_here(&self, path: &str) -> u64 {
        self.fs.stat(path).map(|stat| stat.stamp.size).unwrap_or_default()
    }

    pub(crate) fn tick_demands(&mut self) {
        let now = self.clock.monotonic_ns();
        if self.demands.is_empty() || now < self.demands.next_progress {
            return;
        }
        self.demands.next_progress = now + PROGRESS_NS;
        self.stop_forbidden();
        let mut news = Vec::new();
        for demand in self.demands.by_node.values_mut() {
            let processed = demand.moved.get().min(demand.item.content.size);
            if processed > demand.told {
                demand.told = processed;
                let progress = demand.progress(DownloadState::Running, DownloadErrorType::NoError, processed);
                news.push((demand.waiters.clone(), progress));
            }
        }
        for (waiters, progress) in news {
            self.tell(&waiters, &progress);
        }
        self.tell_batches();
    }

    /// Tells clients how far a file is, and notes it for batches, which are told of the end at once and of
    /// the rest from time to time.
    pub(super) fn tell(&mut self, waiters: &BTreeSet<Waiter>, progress: &DownloadProgress) {
        for waiter in waiters {
            match waiter.who {
                Who::Client(client) => {
                    let progress = DownloadProgress { uri: waiter.uri.clone(), ..progress.clone() };
                    self.events.emit(Event::Download { client, progress });
                }
                Who::Batch(task) => self.note_in_batch(task, &waiter.uri, progress),
            }
        }
    }
}

impl Demand {
    pub(super) fn progress(
        &self,
        state: DownloadState,
        error: DownloadErrorType,
        processed: u64,
    ) -> DownloadProgress {
        DownloadProgress { state, processed, size: self.item.content.size, uri: String::new(), error }
    }

    pub(super) fn stopped(&self) -> DownloadProgress {
        self.progress(DownloadState::Stopped, DownloadErrorType::NoError, self.told)
    }
}

/// What a download ends with that the cloud has refused.
pub(super) fn refused(error: &CloudError) -> DownloadErrorType {
    match error {
        CloudError::Network(_) => DownloadErrorType::NetworkUnavailable,
        CloudError::NotFound(_) => DownloadErrorType::ContentNotFound,
        CloudError::TooManyRequests(_) => DownloadErrorType::FrequentUserRequests,
        _ => DownloadErrorType::UnknownError,
    }
}
