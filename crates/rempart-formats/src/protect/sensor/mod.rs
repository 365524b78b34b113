//! What network sensors read.

pub mod datasets;
pub mod rules;
pub mod zeek;

use rempart_model::Block;
use rempart_model::block::BlockClass;

/// A class type of Suricata's own `classification.config`.
fn class_type(block: &Block) -> &'static str {
    match block.class {
        BlockClass::Malware => "trojan-activity",
        BlockClass::Phishing | BlockClass::Other => "bad-unknown",
    }
}
