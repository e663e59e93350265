//! The rules of ownership: what a program does by itself, and what it does if it is asked.

use actix_web::web::Query;
use replication::steps::{FenceWrites, Follow, HandOver, NamedRows, Probed, Release, Retire};
use replication::{ErrorCode, Fence, Handover, Position, Role};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::copy::{Copies, Copy, followed, now_ms};
use super::rows;

/// Does what happens by itself: followers apply the feed, and with it a handover; a store that handed over follows
/// back.
pub(super) fn go_on(copies: &mut Copies) {
    let urls: Vec<_> = copies.keys().cloned().collect();
    for url in urls {
        let mut copy = copies[&url].clone();
        if copy.frozen || copy.dead || copy.role != Role::Follower {
            continue;
        }
        if let Some(followed) = copy.followed.clone() {
            let source = at(copies, &followed.source.url);
            let Some(source) = source.filter(|source| source.store == followed.source.store) else {
                continue;
            };
            if source.late && source.fence.is_some() {
                continue;
            }
            copy.apply(source);
        } else if let Some(Handover { epoch, to, .. }) = copy.handover.clone() {
            let back = at(copies, &to.url).filter(|found| found.store == to.store);
            if back.is_some_and(|found| found.is_primary() && found.epoch >= epoch) {
                copy.followed = Some(followed(to));
            }
        }
        copies.insert(url, copy);
    }
}

/// The copy at the URL of a collection, if its program answers.
fn at<'a>(copies: &'a Copies, collection: &str) -> Option<&'a Copy> {
    copies.get(collection.strip_suffix("/api/users")?).filter(|found| !found.dead)
}

impl Copy {
    /// Applies what the source has.
    fn apply(&mut self, source: &Self) {
        let now = Position { epoch: source.epoch, at: source.position };
        if self.rows != source.rows && self.covered() != now {
            self.rows = source.rows.clone();
            self.position += 1;
        }
        self.epoch = source.epoch;
        if let Some(followed) = &mut self.followed {
            (followed.covered, followed.copied) = (now, true);
        }
        if let Some(Handover { epoch, to, .. }) = &source.handover
            && to.store == self.store
            && *epoch > self.epoch
        {
            (self.role, self.epoch, self.followed) = (Role::Primary, *epoch, None);
        }
    }

    /// What is answered under `/-/`; its status if there is nothing else to say.
    pub(super) fn asked(
        &mut self,
        others: &Copies,
        word: &str,
        query: &str,
        body: &[u8],
    ) -> Result<Option<Value>, (Option<ErrorCode>, String)> {
        let refuse = |code: ErrorCode, why: &str| Err((Some(code), why.to_owned()));
        let fenced = self.fence.clone().filter(|fence| fence.until_ms > now_ms());
        let fenced = fenced.map(|fence| fence.id);
        match word {
            _ if self.cannot == Some(word) => {
                return refuse(ErrorCode::Unavailable, "not just now");
            }
            _ if self.refuses == Some(word) => {
                return refuse(ErrorCode::OtherEpoch, "it does not want to");
            }
            "ownership" => {}
            "release" => {
                if fenced == Some(read::<Release>(body).id) {
                    self.fence = None;
                }
            }
            "follow" => {
                let Follow { source: url, .. } = read(body);
                let Some(found) = at(others, &url) else {
                    return refuse(ErrorCode::PeerUnavailable, &format!("{url} is not reached"));
                };
                if self.is_primary() && !self.rows.is_empty() {
                    return refuse(ErrorCode::InUse, "it holds rows of its own");
                }
                self.lineage.clone_from(&found.lineage);
                (self.role, self.epoch) = (Role::Follower, found.epoch);
                let source = replication::Peer { store: found.store.clone(), url };
                self.followed = Some(followed(source));
            }
            "cancel" if self.role != Role::Follower => {
                return refuse(ErrorCode::NotFollower, "it is no follower");
            }
            "cancel" => {
                let told = std::mem::take(&mut self.told);
                *self = Self { told, ..Self::unused() };
            }
            "fence" => {
                let FenceWrites { id, epoch, ms } = read(body);
                if !self.is_primary() || epoch != self.epoch {
                    return refuse(ErrorCode::OtherEpoch, "it is not the primary of that epoch");
                }
                if fenced.is_some_and(|fenced| fenced != id) {
                    return refuse(ErrorCode::Fenced, "another move fences it");
                }
                self.fence = Some(Fence { id, until_ms: now_ms() + ms.cast_signed() });
                self.position += u64::from(self.late);
            }
            "handover" => {
                let HandOver { id, epoch, to } = read(body);
                if !self.handed_over(epoch + 1, &to.store) {
                    if fenced != Some(id) || !self.is_primary() {
                        return refuse(ErrorCode::NotFenced, "it is not fenced by that id");
                    }
                    self.position += 1;
                    let position = self.position;
                    self.handover = Some(Handover { epoch: epoch + 1, to, position, last_id: 0 });
                    (self.role, self.fence, self.followed) = (Role::Follower, None, None);
                }
            }
            "retire" => {
                self.role = Role::Retired;
                if !read::<Retire>(body).keep_data {
                    self.rows.clear();
                }
            }
            "take" => {
                let Some(Handover { epoch, .. }) = self.handover else {
                    return refuse(ErrorCode::NeverHandedOver, "it handed over nothing");
                };
                (self.role, self.epoch, self.followed) = (Role::Primary, epoch + 1, None);
            }
            "probe" if self.blind => {
                return refuse(ErrorCode::ProbeFailed, "the peer answers 404");
            }
            "probe" => {
                let (store, lineage) = (self.store.clone(), self.lineage.clone());
                return Ok(Some(json!(Probed { store, lineage, role: self.role, epoch: 0 })));
            }
            "digest" => return Ok(Some(json!(rows::digest(self, &queried(query))))),
            "hashes" if body.is_empty() => {
                return Ok(Some(json!(rows::hashes(self, &queried(query)))));
            }
            "hashes" => {
                let NamedRows { keys } = read(body);
                return Ok(Some(json!(rows::named(self, &keys))));
            }
            _ => return Err((None, "no such path".into())),
        }
        Ok(None)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).unwrap()
}

fn queried<T: DeserializeOwned>(query: &str) -> T {
    Query::<T>::from_query(query).unwrap().into_inner()
}
