//! Campaigns: observables that belong together, found by what they share, with the evidence of every merge.
//!
//! What is shared is worked out from the store; grouping is `rempart_triage::connect`. Groups are kept in memory and
//! follow the change log of observables; what people decided is in the store and holds in every later run. A campaign
//! is named after the number of the observable that founded it.

mod actors;
mod context;
mod decide;
mod evidence;
pub mod near;
mod show;

use std::collections::BTreeMap;
use std::sync::PoisonError;

use rempart_model::{Kind, Observable};
use rempart_store::{ChangeCursor, ClaimRow, ObservableId, ObservableRow, Role};
use rempart_triage::connect::{Clustering, Decision, Settings};

use crate::access::Caller;
use crate::app::App;
use crate::error::ServiceError;
use context::Context;
use evidence::{Pointer, Said};

pub use actors::{ActorReason, Attribution, LikelyActor, NamedActor};
pub use near::NearReport;
pub use show::{Campaign, CampaignMember, CampaignMerge, CampaignSummary, Shared};

/// Observables of one read.
const AT_A_TIME: usize = 1_000;

/// The groups of a running Rempart.
#[derive(Debug, Default)]
pub(crate) struct Campaigns {
    clustering: Clustering,
    cursor: ChangeCursor,
    /// The observables that take part, by number.
    members: BTreeMap<u64, Observable>,
    /// What sources say that they belong to.
    said: BTreeMap<u64, Vec<Said>>,
    /// The actors, tools, techniques and reports that are stored.
    context: Context,
    key: u64,
}

impl Campaigns {
    /// For each observable the keys of the objects that it is linked to.
    fn ends(&self) -> impl Iterator<Item = (u64, impl Iterator<Item = i64> + '_)> + '_ {
        self.said.iter().map(|(id, said)| {
            let keys = said.iter().filter_map(|said| match said.what {
                Pointer::Object(key) => Some(key),
                Pointer::Label(_) => None,
            });
            (*id, keys)
        })
    }
}

/// Whether a value can be of a campaign's infrastructure.
fn takes_part(row: &ObservableRow) -> bool {
    let kind = row.observable.kind();
    let fits = matches!(
        kind,
        Kind::Domain
            | Kind::Url
            | Kind::Ipv4
            | Kind::Ipv6
            | Kind::Email
            | Kind::Md5
            | Kind::Sha1
            | Kind::Sha256
            | Kind::Sha512
    );
    fits && row.assessment.probability >= rempart_triage::assess::weights::LOWER
}

fn number(id: ObservableId) -> u64 {
    id.0.unsigned_abs()
}

impl App {
    /// Brings the groups up to what the store holds, and hands them over. The first time, everything is grouped.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(super) fn with_campaigns<T>(
        &self,
        f: impl FnOnce(&mut Campaigns) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let mut held = self.campaigns.lock().unwrap_or_else(PoisonError::into_inner);
        let mut campaigns = match held.take() {
            Some(known) => known,
            None => self.no_campaigns()?,
        };
        let caught_up = self.catch_up(&mut campaigns)?;
        let campaigns = match caught_up {
            true => held.insert(campaigns),
            // What went cannot be taken out of a group: all is grouped anew.
            false => {
                let mut anew = self.no_campaigns()?;
                self.catch_up(&mut anew)?;
                held.insert(anew)
            }
        };
        f(campaigns)
    }

    /// No groups, and what people decided.
    fn no_campaigns(&self) -> Result<Campaigns, ServiceError> {
        let key = self.store.secrets().lookup.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        Ok(Campaigns { clustering: Clustering::new(Settings::default()), key, ..Campaigns::default() })
    }

    /// Reads what changed. Returns whether that could be added; otherwise something has gone.
    fn catch_up(&self, campaigns: &mut Campaigns) -> Result<bool, ServiceError> {
        let is_first = campaigns.members.is_empty();
        let mut evidence = Vec::new();
        loop {
            let changes = self.store.observables_changed(campaigns.cursor, AT_A_TIME)?;
            let mut rows: Vec<(ObservableRow, Vec<ClaimRow>)> = Vec::new();
            for change in changes.changes {
                match change.row {
                    Some(row) if takes_part(&row) => {
                        let claims = self.store.claims(row.id)?;
                        rows.push((row, claims));
                    }
                    Some(row) if campaigns.members.contains_key(&number(row.id)) => return Ok(false),
                    None if !is_first => return Ok(false),
                    _ => {}
                }
            }
            for ((row, _), found) in rows.iter().zip(self.known_of(&rows)?) {
                let id = number(row.id);
                campaigns.members.insert(id, row.observable.clone());
                evidence.extend(found.known.iter().map(|known| known.evidence(id, campaigns.key)));
                match found.said.is_empty() {
                    true => campaigns.said.remove(&id),
                    false => campaigns.said.insert(id, found.said),
                };
            }
            campaigns.cursor = changes.reached;
            if !changes.more {
                break;
            }
        }
        campaigns.context.catch_up(self)?;
        evidence.sort_unstable();
        evidence.dedup();
        if !evidence.is_empty() {
            let outcome = campaigns.clustering.add(&evidence);
            if outcome.rebuild_due && !is_first {
                campaigns.clustering.rebuild();
            }
        }
        // What people decided of values that came only now holds as well.
        for decision in self.store.connect_decisions()? {
            let wanted = self.decided(&decision)?;
            if let Some(wanted) = wanted.filter(|wanted| !campaigns.clustering.decisions().contains(wanted)) {
                campaigns.clustering.decide(wanted);
            }
        }
        Ok(true)
    }

    /// The campaigns with at least so many observables, the largest first.
    ///
    /// # Errors
    /// Where the caller may not read.
    pub fn campaigns(&self, caller: &Caller, least: usize) -> Result<Vec<CampaignSummary>, ServiceError> {
        caller.require(Role::Reader)?;
        self.with_campaigns(|campaigns| {
            let mut found: Vec<CampaignSummary> = campaigns
                .clustering
                .clusters()
                .filter(|cluster| cluster.len() >= least)
                .map(|cluster| campaigns.summary(&cluster))
                .collect();
            found.sort_by(|a, b| b.observables.cmp(&a.observables).then(a.name.cmp(&b.name)));
            Ok(found)
        })
    }

    /// The campaign of a name (`campaign-17`) or of an observable, with its members and the evidence of each merge.
    ///
    /// # Errors
    /// Where the caller may not read, or there is none.
    pub fn campaign(&self, caller: &Caller, name: &str) -> Result<Campaign, ServiceError> {
        caller.require(Role::Reader)?;
        let id = match name.strip_prefix("campaign-").and_then(|number| number.parse().ok()) {
            Some(number) => number,
            None => self.number_of(name).map_err(|error| match error {
                ServiceError::Invalid(why) => ServiceError::Invalid(format!(
                    "{name:?} is neither the name of a campaign (campaign-17) nor a value: it {why}"
                )),
                other => other,
            })?,
        };
        let missing = || ServiceError::NotFound(format!("{name} is in no campaign"));
        let campaign = self.with_campaigns(|campaigns| {
            let cluster = campaigns.clustering.cluster(id).map(|cluster| cluster.name);
            let name = cluster.or_else(|| campaigns.clustering.cluster_of(id)).ok_or_else(missing)?;
            self.shown(campaigns, name)?.ok_or_else(missing)
        })?;
        Ok(campaign)
    }

    /// Brings the groups up to date, so that who asks does not wait. A server does so now and then.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn connect(&self) -> Result<(), ServiceError> {
        self.with_campaigns(|_| Ok(()))
    }

    /// The name of the campaign that an observable is in, as far as that is known without working it out.
    pub(crate) fn campaign_known(&self, id: ObservableId) -> Option<String> {
        let held = self.campaigns.try_lock().ok()?;
        let name = held.as_ref()?.clustering.cluster_of(number(id))?;
        Some(show::named(name))
    }

    fn number_of(&self, value: &str) -> Result<u64, ServiceError> {
        let observable = crate::ask::observable(value).map_err(ServiceError::Invalid)?;
        let row = self.store.observables(std::slice::from_ref(&observable))?.into_iter().next().flatten();
        row.map(|row| number(row.id))
            .ok_or_else(|| ServiceError::NotFound(format!("nobody says anything of {}", observable.value())))
    }

    /// A decision of people as the grouping knows it; `None` while one of the two is not there.
    fn decided(&self, decision: &rempart_store::ConnectDecision) -> Result<Option<Decision>, ServiceError> {
        let rows = self.store.observables(&decision.pair)?;
        let ids: Vec<u64> = rows.into_iter().flatten().map(|row| number(row.id)).collect();
        let [a, b] = ids.as_slice() else { return Ok(None) };
        let (a, b) = (*a, *b);
        Ok(Some(if decision.together { Decision::Together { a, b } } else { Decision::Apart { a, b } }))
    }
}
