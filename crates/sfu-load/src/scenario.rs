//! Who joins whom and when: pure decisions of a scenario.

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One to many.
    Webinar,
    /// Everybody to everybody.
    Meeting,
    /// Watchers come and go.
    Churn,
    /// All watchers are lost and come back at once.
    Storm,
    /// More come for a while.
    Surge,
}

impl Kind {
    /// By its name on the command line.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Webinar, Self::Meeting, Self::Churn, Self::Storm, Self::Surge]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Webinar => "webinar",
            Self::Meeting => "meeting",
            Self::Churn => "churn",
            Self::Storm => "storm",
            Self::Surge => "surge",
        }
    }

    /// Of whose joins the times are told: those of the measured time where joining is what is measured.
    pub(crate) fn measures_joins_only_later(self) -> bool {
        matches!(self, Self::Churn | Self::Storm | Self::Surge)
    }
}

/// Whom each watcher of the beginning watches, in the order in which they join.
pub(crate) fn watched(kind: Kind, publishers: usize, watchers: usize) -> Vec<usize> {
    match kind {
        Kind::Webinar | Kind::Churn => (0..watchers).map(|watcher| watcher % publishers).collect(),
        Kind::Storm | Kind::Surge => vec![0; watchers],
        // Person by person, as people come in: each opens a watch of everybody else.
        Kind::Meeting => {
            (0..publishers).flat_map(|person| (0..publishers).filter(move |other| *other != person)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_watches_everybody_else_once() {
        let meeting = watched(Kind::Meeting, 4, 0);
        assert_eq!(meeting.len(), 12);
        for publisher in 0..4 {
            assert_eq!(meeting.iter().filter(|one| **one == publisher).count(), 3);
        }
        assert_eq!(watched(Kind::Storm, 1, 3), [0, 0, 0]);
        assert_eq!(watched(Kind::Webinar, 2, 5), [0, 1, 0, 1, 0]);
    }
}
