//! How many connections there may be, and for how long each may keep one waiting.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What connections are held to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most connections at a time.
    pub(crate) connections: usize,
    /// Most connections from one address at a time, so that none takes all.
    pub(crate) each: usize,
    /// How long a stream may be silent (RFC 7766, section 6.2.3).
    pub(crate) idle: Duration,
    /// How long the other side may take to read a part of an answer.
    pub(crate) write: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 256, each: 32, idle: Duration::from_secs(10), write: Duration::from_secs(30) }
    }
}

/// The places of connections.
#[derive(Debug)]
pub(crate) struct Room {
    limits: Limits,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// A place that is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    room: Arc<Room>,
    address: IpAddr,
}

impl Room {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, taken: Mutex::default() }
    }

    /// A place for a connection from an address, where there is one.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut taken = self.taken();
        // There are as many addresses as connections at most.
        let all: usize = taken.values().sum();
        let own = taken.get(&address).copied().unwrap_or(0);
        if all >= self.limits.connections || own >= self.limits.each {
            return None;
        }
        taken.insert(address, own + 1);
        Some(Place { room: self.clone(), address })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.room.taken();
        if let Some(own) = taken.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_takes_all_places() {
        let room = Arc::new(Room::new(Limits { connections: 3, each: 2, ..Limits::default() }));
        let [one, two, three] = [1, 2, 3].map(|last| IpAddr::from([192, 0, 2, last]));
        let first = room.enter(one).unwrap();
        let _second = room.enter(one).unwrap();
        assert!(room.enter(one).is_none(), "two from one address");
        let third = room.enter(two).unwrap();
        assert!(room.enter(three).is_none(), "three in all");
        drop(first);
        assert!(room.enter(three).is_some());
        drop(third);
        assert_eq!(room.taken().len(), 1, "who is gone is forgotten");
    }
}
