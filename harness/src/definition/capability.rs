//! What a plugin can do, as definitions speak of it. The list itself is the contract's ([`plugin_api::Capability`]).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a plugin may be asked, by the contract.
pub use plugin_api::Capability as Offer;

/// The ways to answer a task, which protocols accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Scores for every label.
    Classify,
    /// One vector per text.
    Embed,
    /// Log-likelihood of given continuations.
    Loglikelihood,
    /// Free text.
    Generate,
    /// Scores for the options of each example.
    Choose,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Classify, Self::Embed, Self::Loglikelihood, Self::Generate, Self::Choose];

    /// Whether it answers the protocol's prompts.
    pub const fn prompts(self) -> bool {
        matches!(self, Self::Loglikelihood | Self::Generate)
    }

    /// The contract's word for it.
    pub const fn offer(self) -> Offer {
        match self {
            Self::Classify => Offer::Classify,
            Self::Embed => Offer::Embed,
            Self::Loglikelihood => Offer::Loglikelihood,
            Self::Generate => Offer::Generate,
            Self::Choose => Offer::Choose,
        }
    }

    /// The name in TOML files and tables.
    pub const fn name(self) -> &'static str {
        self.offer().name()
    }
}

impl From<Capability> for Offer {
    fn from(capability: Capability) -> Self {
        capability.offer()
    }
}

/// Offers by name, for `#[serde(with = ...)]`: those that a model's TOML may list.
pub mod names {
    use super::{Deserialize, Deserializer, Offer, Serialize, Serializer};

    /// `explain` is asked for by the user alone, and `fit` stands for both ways to learn.
    pub const LISTED: [Offer; 7] = [
        Offer::Fit,
        Offer::Classify,
        Offer::Embed,
        Offer::Loglikelihood,
        Offer::Generate,
        Offer::Choose,
        Offer::Save,
    ];

    /// Writes the names.
    pub fn serialize<S: Serializer>(offers: &[Offer], to: S) -> Result<S::Ok, S::Error> {
        let names: Vec<&str> = offers.iter().map(|offer| offer.name()).collect();
        names.serialize(to)
    }

    /// Reads the names; another word is an error that lists them.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Offer>, D::Error> {
        let offer = |name: &String| {
            let found = LISTED.into_iter().find(|offer| offer.name() == name);
            found.ok_or_else(|| serde::de::Error::unknown_variant(name, &LISTED_NAMES))
        };
        Vec::<String>::deserialize(from)?.iter().map(offer).collect()
    }

    const LISTED_NAMES: [&str; LISTED.len()] = {
        let mut names = [""; LISTED.len()];
        let mut i = 0;
        while i < names.len() {
            names[i] = LISTED[i].name();
            i += 1;
        }
        names
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder {
        #[serde(with = "names")]
        capabilities: Vec<Offer>,
    }

    /// The three lists are one: each way to answer is an offer of the contract under the same name, and no two share a bit.
    #[test]
    fn every_capability_is_the_contracts() {
        for capability in Capability::ALL {
            assert_eq!(serde_json::to_value(capability).unwrap(), capability.name());
            assert_eq!(Offer::from(capability).name(), capability.name());
        }
        let unknown = serde_json::from_str::<Capability>("\"\"").unwrap_err().to_string();
        let variants: Vec<&str> = unknown.split('`').skip(3).step_by(2).collect();
        assert_eq!(variants, Capability::ALL.map(Capability::name), "none is missing from ALL");
        let bits = Offer::ALL.map(|offer| offer.bit() & !plugin_api::abi::CE_FIT);
        let distinct: std::collections::BTreeSet<u64> = bits.into_iter().collect();
        assert_eq!(distinct.len(), Offer::ALL.len(), "{bits:?}");
    }

    #[test]
    fn a_model_lists_offers_by_name() {
        for offer in Offer::ALL {
            let text = format!("capabilities = [\"{}\"]\n", offer.name());
            let read = toml::from_str::<Holder>(&text);
            if matches!(offer, Offer::Explain | Offer::FitPieces) {
                let error = read.unwrap_err().to_string();
                assert!(error.contains("unknown variant") && error.contains("`loglikelihood`"));
                continue;
            }
            let read = read.unwrap();
            assert_eq!(read, Holder { capabilities: vec![offer] });
            assert_eq!(toml::to_string(&read).unwrap(), text);
        }
    }
}
