//! What products are like a product: by texts, by pictures, by who buys them, and by all of it together.
//!
//! Purchases are one more view of a product beside what it says and shows: vectors of what is bought together
//! ([`recommend::Item2VecParams`]); a product that was never bought beside another one has none, and is compared by the other views.
//! How much each view counts, and whether they are joined at all, the seller's own orders say ([`mod@study`]); joined, they answer on the
//! server what is near products that somebody looked at, where the market's model does not hear it. `portolan catalogue
//! views` makes them (as does whatever shows them), kept in `models/views`; once that is there every run makes them anew when the clean
//! tables or what texts and pictures are compared by have changed. A server never does: it takes what is kept, or goes on with what it had
//! while the products are the same.

mod study;

use crate::looks::{self, Looks};
use crate::output::{self, Bar};
use crate::pipeline::purchases::Purchases;
use crate::search::Found;
use crate::workspace::Workspace;
use anyhow::Result;
use content::Vectors;
use content::picture::Alike;
use content::search::fuse;
use content::space::{View, Weighed};
use domain::{Interaction, Interactions, ItemIdx, Seed};
use lake::{Engine, Snapshot};
use learn::container::{Reader, Writer};
use sha2::{Digest, Sha256};
pub(crate) use study::{Sort, Study, ViewRow};
use study::{StudyPlan, bought_together, study};

const KIND: &str = "views";
/// Where they are kept, in a workspace.
const FOLDER: &str = "models/views";
/// Rows of each list that are put together by their ranks.
const DEEP: usize = 200;

/// The views of a catalogue, in the order of the index of words.
pub(crate) struct Views {
    bought: Vectors,
    pub(crate) study: Study,
}

/// A product that is like another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Near {
    pub(crate) row: usize,
    pub(crate) text: Option<f32>,
    pub(crate) picture: Option<Alike>,
    /// Cosine of what they are bought with.
    pub(crate) bought: Option<f32>,
    /// What the order is by.
    pub(crate) score: f64,
}

/// Near products, and the views that they were found by.
pub(crate) struct NearBy {
    pub(crate) near: Vec<Near>,
    /// Empty where texts and pictures were joined by their ranks.
    pub(crate) by: Vec<Sort>,
}

impl Views {
    /// What was made of the same data, if it was: the views of the products in the order of `found`.
    pub(crate) fn kept(workspace: &Workspace, snapshot: &Snapshot, (found, looks): (&Found, &Looks)) -> Option<Self> {
        let place = place(workspace, snapshot, (found, looks));
        match std::fs::read(&place).ok().map(|bytes| Self::from_bytes(&bytes))? {
            Ok(views) => (views.bought.len() == found.ids.len()).then_some(views),
            Err(why) => {
                output::note(&format!("{} cannot be read ({why:#}); it is made again", place.display()));
                None
            }
        }
    }

    /// The same, made where it is not there: minutes for a large shop.
    pub(crate) async fn load(
        workspace: &Workspace,
        engine: &Engine,
        snapshot: &Snapshot,
        (found, looks): (&Found, &Looks),
        bar: &Bar,
    ) -> Result<Self> {
        if let Some(views) = Self::kept(workspace, snapshot, (found, looks)) {
            return Ok(views);
        }
        bar.step("weighing", "views of products", 0, 1);
        let purchases = by_rows(&Purchases::load(engine).await?, found)?;
        let open: Vec<bool> = (0..found.ids.len()).map(|row| !found.is_service(row)).collect();
        let plan = StudyPlan::default();
        let study = study(&purchases, &content_views(found, looks), &open, &plan, Seed(1))?;
        let views = Self { bought: bought_together(&purchases, &plan, Seed(1))?, study };
        bar.clear();
        looks::write(&place(workspace, snapshot, (found, looks)), &views.to_bytes()?)?;
        Ok(views)
    }

    /// Products that are bought together with at least one other.
    pub(crate) fn n_bought(&self) -> usize {
        self.bought.n_present()
    }

    /// The `n` products among the allowed that are most like one: by the views as orders weigh them where that was found to be better,
    /// else by the ranks of texts and pictures.
    pub(crate) fn near(&self, found: &Found, looks: &Looks, row: usize, n: usize, allowed: &[bool]) -> NearBy {
        let Some((sorts, weighed)) = &self.study.used else { return ranked(found, Some(looks), row, n, allowed) };
        let all = self.all(found, looks);
        let views: Option<Vec<&dyn View>> =
            sorts.iter().map(|sort| all.iter().find(|(of, _)| of == sort).map(|(_, view)| *view)).collect();
        let best = views.map_or_else(Vec::new, |views| weighed.best(&views, row, n, allowed));
        if best.is_empty() {
            return ranked(found, Some(looks), row, n, allowed);
        }
        let near = best.into_iter().map(|(other, score)| self.pair(found, looks, row, other as usize, score)).collect();
        NearBy { near, by: sorts.clone() }
    }

    /// Whether orders say that the views are better joined.
    pub(crate) const fn are_joined(&self) -> bool {
        self.study.used.is_some()
    }

    /// The view in which two products have most in common of what their joint likeness is made of, and how much that is.
    pub(crate) fn leading(&self, (found, looks): (&Found, &Looks), row: usize, other: usize) -> Option<(Sort, f32)> {
        let (sorts, weighed) = self.study.used.as_ref()?;
        let all = self.all(found, looks);
        let alike = |sort: &Sort| all.iter().find(|(of, _)| of == sort).and_then(|(_, view)| view.alike(row, other));
        let alike: Vec<Option<f32>> = sorts.iter().map(alike).collect();
        let parts = sorts.iter().zip(weighed.parts(&alike)).filter_map(|(sort, part)| Some((*sort, part?)));
        parts.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The `n` products among the allowed that are bought with the same things as one.
    pub(crate) fn bought_alike(
        &self,
        (found, looks): (&Found, &Looks),
        row: usize,
        n: usize,
        allowed: &[bool],
    ) -> NearBy {
        let cosine = |other: usize| Some((other, self.bought.alike(row, other)?));
        let mut best: Vec<(usize, f32)> =
            (0..allowed.len()).filter(|other| allowed[*other] && *other != row).filter_map(cosine).collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(n);
        let near = best.into_iter().map(|(other, score)| self.pair(found, looks, row, other, score)).collect();
        NearBy { near, by: vec![Sort::Bought] }
    }

    fn all<'a>(&'a self, found: &'a Found, looks: &'a Looks) -> Vec<(Sort, &'a dyn View)> {
        let mut all = content_views(found, looks);
        all.push((Sort::Bought, &self.bought));
        all
    }

    fn pair(&self, found: &Found, looks: &Looks, row: usize, other: usize, score: f32) -> Near {
        Near {
            row: other,
            text: found.search().vectors().and_then(|texts| texts.alike(row, other)),
            picture: looks.likeness.pair(row, other),
            bought: self.bought.alike(row, other),
            score: f64::from(score),
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut to = Writer::default();
        to.u64s("width", &[self.bought.width() as u64]);
        to.f32s("bought", self.bought.values());
        let there: Vec<u8> = (0..self.bought.len()).map(|row| u8::from(self.bought.is_present(row))).collect();
        to.bytes("there", &there);
        to.text("rows", &serde_json::to_string(&self.study.rows)?);
        to.text("why", &self.study.why);
        if let Some((sorts, weighed)) = &self.study.used {
            to.text("used", &serde_json::to_string(sorts)?);
            to.f32s("means", weighed.means());
            to.f32s("weights", weighed.weights());
        }
        Ok(to.finish(KIND, 0))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let from = Reader::open(bytes)?;
        anyhow::ensure!(from.kind() == KIND, "it holds {}", from.kind());
        let [width] = from.sizes("width", 1 << 16)?;
        let (values, there) = (from.f32s("bought")?, from.bytes("there")?);
        anyhow::ensure!(width > 0 && values.len() == there.len() * width, "vectors of another number of products");
        let rows = values.chunks_exact(width).zip(there).map(|(row, there)| (*there == 1).then_some(row));
        let used = if from.has("used") {
            let sorts: Vec<Sort> = serde_json::from_str(from.text("used")?)?;
            let weighed = Weighed::of(from.f32s("means")?, from.f32s("weights")?);
            let weighed = weighed.filter(|weighed| weighed.weights().len() == sorts.len());
            Some((sorts, weighed.ok_or_else(|| anyhow::anyhow!("weights that are not one a view"))?))
        } else {
            None
        };
        let study = Study { rows: serde_json::from_str(from.text("rows")?)?, why: from.text("why")?.to_owned(), used };
        Ok(Self { bought: Vectors::from_rows(width, rows)?, study })
    }
}

/// Where the views of this data are kept.
fn place(workspace: &Workspace, snapshot: &Snapshot, (found, looks): (&Found, &Looks)) -> std::path::PathBuf {
    let key = crate::search::key(snapshot, found.ids.len(), &format!("views{}", compared_by(found, looks)));
    workspace.root.join(FOLDER).join(format!("{key}.model"))
}

/// Makes the views anew in a workspace that has some.
pub(crate) async fn renew(workspace: &Workspace, lake: &lake::Lake, bar: &Bar) -> Result<()> {
    if !workspace.root.join(FOLDER).is_dir() {
        return Ok(());
    }
    let snapshot = Snapshot::latest(lake).await?;
    let engine = Engine::open(lake, &snapshot, &lake::EngineOptions::default()).await?;
    let found = Found::of(workspace, &engine, &snapshot).await?;
    let looks = Looks::load(workspace, &engine, &snapshot, &found.ids, bar).await?;
    Views::load(workspace, &engine, &snapshot, (&found, &looks), bar).await?;
    Ok(())
}

/// What products say and show, where there is any of it.
fn content_views<'a>(found: &'a Found, looks: &'a Looks) -> Vec<(Sort, &'a dyn View)> {
    let texts = found.search().vectors().map(|texts| (Sort::Texts, texts as &dyn View));
    let pictures = (looks.likeness.n_present() > 1).then_some((Sort::Pictures, &looks.likeness as &dyn View));
    texts.into_iter().chain(pictures).collect()
}

/// Texts and pictures joined by their ranks, both alike.
pub(crate) fn ranked(found: &Found, looks: Option<&Looks>, row: usize, n: usize, allowed: &[bool]) -> NearBy {
    let deep = DEEP.max(n);
    let texts = found.search().similar(row as u32, deep, allowed);
    let pictures = looks.map_or_else(Vec::new, |looks| looks.likeness.like_row(row, deep, allowed));
    let lists: Vec<Vec<u32>> =
        vec![texts.iter().map(|(row, _)| *row).collect(), pictures.iter().map(|a| a.row as u32).collect()];
    let lists: Vec<Vec<u32>> = lists.into_iter().filter(|list| !list.is_empty()).collect();
    let near =
        fuse(&lists).into_iter().filter(|(other, _)| *other as usize != row).take(n).map(|(other, score)| Near {
            row: other as usize,
            text: texts.iter().find(|(at, _)| *at == other).map(|(_, cosine)| *cosine),
            picture: pictures.iter().find(|a| a.row == other as usize).copied(),
            bought: None,
            score,
        });
    NearBy { near: near.collect(), by: Vec::new() }
}

/// The purchases by the rows of the index, services and what is no product any more left out.
fn by_rows(purchases: &Purchases, found: &Found) -> Result<Interactions> {
    let row = |id: &str| found.ids.binary_search_by(|known| known.as_str().cmp(id)).ok();
    let rows: Vec<Option<u32>> = purchases
        .products
        .iter()
        .map(|id| row(id.as_str()).filter(|row| !found.is_service(*row)).map(|row| row as u32))
        .collect();
    let all = &purchases.interactions;
    let cell = |cell: Interaction| Some(Interaction { item: ItemIdx(rows[cell.item.at()]?), ..cell });
    Ok(Interactions::new(found.ids.len(), all.markets().to_vec(), all.iter().filter_map(cell).collect())?)
}

/// A print of the vectors that texts and pictures are compared by: another encoder makes the views again.
fn compared_by(found: &Found, looks: &Looks) -> String {
    let mut hash = Sha256::new();
    for vectors in [found.search().vectors(), looks.likeness.learnt()] {
        hash.update([u8::from(vectors.is_some())]);
        for value in vectors.into_iter().flat_map(Vectors::values) {
            hash.update(value.to_le_bytes());
        }
    }
    hash.finalize()[..8].iter().map(|b| format!("{b:02x}")).collect()
}
