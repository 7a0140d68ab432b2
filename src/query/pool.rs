//! The memory of a query, in two halves: one for what can spill to files, one for what cannot.
//!
//! DataFusion's fair pool gives all of it to sorts and groups that can spill, and the merge of what they spilled, which cannot, then
//! finds none left: a sort larger than memory would fail just when it is done.

use std::fmt;

use datafusion::common::Result;
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// The two halves.
#[derive(Debug)]
pub struct Halves {
    bytes: usize,
    spilling: FairSpillPool,
    staying: GreedyMemoryPool,
}

impl Halves {
    /// Of so many bytes.
    pub fn new(bytes: usize) -> Halves {
        Halves {
            bytes,
            spilling: FairSpillPool::new(bytes / 2),
            staying: GreedyMemoryPool::new(bytes - bytes / 2),
        }
    }

    fn of(&self, consumer: &MemoryConsumer) -> &dyn MemoryPool {
        if consumer.can_spill() {
            &self.spilling
        } else {
            &self.staying
        }
    }
}

impl fmt::Display for Halves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "halves of {} bytes", self.bytes)
    }
}

impl MemoryPool for Halves {
    fn name(&self) -> &str {
        "halves"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.of(consumer).register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.of(consumer).unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.of(reservation.consumer())
            .grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.of(reservation.consumer()).shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.of(reservation.consumer())
            .try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.spilling.reserved() + self.staying.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes)
    }
}
