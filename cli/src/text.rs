//! What the program says, in the reader's language: Fluent messages from `locales/`, built in.
//!
//! Values put into a text are cleaned of control and bidirectional override characters first, because
//! names and messages come from strangers and end on a terminal. Help texts of the argument parser
//! are English.

mod os;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::borrow::Cow;
use std::io;
use unic_langid::LanguageIdentifier;

/// The language every other one falls back to.
const FALLBACK: &str = "en";

/// Every language with its files. The first one is complete.
const LANGUAGES: &[(&str, &[&str])] = &[(
    FALLBACK,
    &[
        include_str!("../locales/en/common.ftl"),
        include_str!("../locales/en/demo.ftl"),
        include_str!("../locales/en/errors.ftl"),
        include_str!("../locales/en/institution.ftl"),
        include_str!("../locales/en/keys.ftl"),
        include_str!("../locales/en/reasons.ftl"),
        include_str!("../locales/en/totalise.ftl"),
        include_str!("../locales/en/recognition.ftl"),
        include_str!("../locales/en/wallet.ftl"),
        include_str!("../locales/en/worksheet.ftl"),
    ],
)];

/// Values for the placeholders of a text.
#[derive(Debug)]
pub struct Args(FluentArgs<'static>);

impl Args {
    /// No values.
    pub fn new() -> Self {
        Self(FluentArgs::new())
    }

    /// Sets one value: a text or a number.
    pub fn set(&mut self, name: &'static str, value: impl Into<FluentValue<'static>>) {
        match value.into() {
            FluentValue::String(text) => self.0.set(name, clean(&text).into_owned()),
            value => self.0.set(name, value),
        }
    }

    /// Adds one value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<FluentValue<'static>>) -> Self {
        self.set(name, value);
        self
    }
}

/// The texts of one language, over those of English.
pub struct Texts {
    /// The chosen language first, English last.
    bundles: Vec<FluentBundle<FluentResource>>,
    language: &'static str,
}

impl Texts {
    /// Loads the texts of `lang` (`fr`, `fr-CA`, `fr_CA.UTF-8`), or those the environment asks for.
    /// A language that is not there falls back to English.
    pub fn load(lang: Option<&str>) -> Self {
        let wanted = lang.map(str::to_owned).or_else(language_of_environment).unwrap_or_default();
        let wanted = primary(&wanted);
        let chosen = LANGUAGES.iter().find(|(name, _)| *name == wanted);
        let fallback = LANGUAGES.iter().find(|(name, _)| *name == FALLBACK);
        let language = chosen.map_or(FALLBACK, |(name, _)| name);
        let mut sources: Vec<_> = chosen.into_iter().chain(fallback).collect();
        sources.dedup_by_key(|(name, _)| *name);
        let bundles = sources.into_iter().map(|(name, files)| bundle(name, files)).collect();
        Self { bundles, language }
    }

    /// Returns the language that was found: `en`.
    pub const fn language(&self) -> &'static str {
        self.language
    }

    /// Returns the text `id` with its values put in; the id itself if there is no such text.
    pub fn get(&self, id: &str, args: &Args) -> String {
        for bundle in &self.bundles {
            if let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) {
                // A value that is missing shows as its placeholder, which says more than an error.
                let text = bundle.format_pattern(pattern, Some(&args.0), &mut Vec::new());
                return self.in_words(&text).into_owned();
            }
        }
        id.to_owned()
    }

    /// Says in words what the operating system answered: `Connection refused (os error 111)` stands in the
    /// messages of many libraries, and helps nobody who does not know the system.
    pub fn in_words<'t>(&self, text: &'t str) -> Cow<'t, str> {
        const MARK: &str = " (os error ";
        let mut text = Cow::Borrowed(text);
        while let Some((before, after)) = text.split_once(MARK)
            && let Some((number, rest)) = after.split_once(')')
            && let Ok(code) = number.parse::<i32>()
        {
            let cause = io::Error::from_raw_os_error(code);
            let said = cause.to_string();
            let said = said.split(MARK).next().unwrap_or_default();
            let words = match (before.strip_suffix(said), os::text(cause.kind())) {
                (Some(before), Some(id)) => format!("{before}{}{rest}", self.plain(id)),
                _ => format!("{before}{rest}"),
            };
            text = Cow::Owned(words);
        }
        text
    }

    /// Returns the text `id`, which has no placeholders.
    pub fn plain(&self, id: &str) -> String {
        self.get(id, &Args::new())
    }

    /// Tells whether a text exists.
    pub fn has(&self, id: &str) -> bool {
        self.bundles.iter().any(|bundle| bundle.has_message(id))
    }
}

/// Lists text ids that are put together at run time, so that the test below knows them:
/// `text_ids!["check-status", "check-time"]` is an array of them.
#[macro_export]
macro_rules! text_ids {
    ($($id:literal),* $(,)?) => { [$($id),*] };
}

/// Tells the test below which texts a place names in a way that it does not see by itself.
#[macro_export]
macro_rules! uses_texts {
    ($($id:literal),* $(,)?) => {};
}

/// Removes what must not reach a terminal from a stranger's text: control characters (a line break
/// becomes a space) and characters that reorder the text around them.
pub fn clean(text: &str) -> Cow<'_, str> {
    let reorders = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.chars().any(|c| c.is_control() || reorders(c)) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter_map(|c| match c {
        '\n' | '\t' => Some(' '),
        c if c.is_control() || reorders(c) => None,
        c => Some(c),
    });
    Cow::Owned(kept.collect())
}

/// Returns the language without its region and character set: `fr` of `fr_CA.UTF-8`.
fn primary(language: &str) -> String {
    language.split(['-', '_', '.', '@']).next().unwrap_or_default().to_lowercase()
}

/// Checks a language that was asked for. One that only the environment names falls back instead.
///
/// # Errors
/// Which languages there are, if it is none of them.
pub fn known(language: &str) -> Result<String, String> {
    if LANGUAGES.iter().any(|(name, _)| *name == primary(language)) {
        return Ok(language.to_owned());
    }
    let names: Vec<&str> = LANGUAGES.iter().map(|(name, _)| *name).collect();
    Err(format!("there are no texts in this language; there are texts in: {}", names.join(", ")))
}

fn language_of_environment() -> Option<String> {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

fn bundle(language: &str, files: &[&str]) -> FluentBundle<FluentResource> {
    let id: LanguageIdentifier = language.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    bundle.set_use_isolating(false);
    for file in files {
        // The files are built in and a test parses each; what does parse is used in any case.
        let resource = FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(some, _)| some);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_file_parses_and_names_no_text_twice() {
        for (language, files) in LANGUAGES {
            let mut strict = FluentBundle::new_concurrent(vec![language.parse().unwrap()]);
            for file in *files {
                let resource = FluentResource::try_new((*file).to_owned()).unwrap();
                strict.add_resource(resource).unwrap();
            }
        }
    }

    #[test]
    fn every_text_file_on_disk_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales");
        for (language, files) in LANGUAGES {
            let on_disk = std::fs::read_dir(root.join(language)).unwrap().count();
            assert_eq!(on_disk, files.len(), "locales/{language} has a file that is not built in");
        }
    }

    #[test]
    fn every_text_that_the_source_names_exists() {
        let texts = Texts::load(Some("en"));
        let mut sources = Vec::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
        let mut missing = BTreeSet::new();
        let mut seen = 0;
        for source in &sources {
            // Tests may name texts that do not exist.
            let code = source.split("#[cfg(test)]").next().unwrap();
            for id in ids_in(code) {
                seen += 1;
                if !texts.has(&id) {
                    missing.insert(id);
                }
            }
        }
        assert!(seen > 20, "the search found only {seen} ids");
        assert!(missing.is_empty(), "no such texts: {missing:?}");
    }

    /// The ids that a source file names: arguments of the calls that take one.
    fn ids_in(code: &str) -> Vec<String> {
        let mut ids = Vec::new();
        let calls = [
            ("texts.get(", ""),
            ("texts.plain(", ""),
            (".say(", ""),
            (".note(", ""),
            (".hint(", "hint-"),
            ("CliError::usage(", "error-"),
            ("CliError::input(", "error-"),
            ("CliError::network(", "error-"),
            ("CliError::store(", "error-"),
            ("CliError::bug(", "error-"),
        ];
        for (call, prefix) in calls {
            for after in code.split(call).skip(1) {
                if let Some(literal) = after.trim_start().strip_prefix('"') {
                    ids.push(format!("{prefix}{}", literal.split('"').next().unwrap()));
                }
            }
        }
        let lists = code.split("text_ids![").skip(1);
        for after in lists.chain(code.split("uses_texts![").skip(1)) {
            let list = after.split(']').next().unwrap();
            ids.extend(list.split('"').skip(1).step_by(2).map(str::to_owned));
        }
        ids
    }

    fn collect(dir: &Path, sources: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, sources);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("text.rs")
            {
                sources.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn every_text_is_used() {
        let mut sources = Vec::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
        let code = sources.concat();
        // Put together from the lists of the core and of the node.
        let listed = [
            "check-",
            "reason-",
            "node-warning-",
            "recognise-step-",
            "recognise-outcome-",
            "recognise-evidence-",
            "recognise-supplier-",
        ];
        let mut unused = Vec::new();
        for line in LANGUAGES[0].1.iter().flat_map(|file| file.lines()) {
            let Some((id, _)) = line.split_once(" =") else { continue };
            let is_id =
                id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            let prefixes =
                ["", "error-", "hint-", "doctor-", "doctor-next-", "demo-step-", "demo-chapter-"];
            let named = prefixes
                .iter()
                .filter_map(|prefix| id.strip_prefix(prefix))
                // A chapter of the demo says first what happens in it.
                .map(|name| name.strip_suffix("-about").unwrap_or(name))
                .any(|name| code.contains(&format!("\"{name}\"")));
            if is_id && !named && !listed.iter().any(|prefix| id.starts_with(prefix)) {
                unused.push(id);
            }
        }
        assert!(unused.is_empty(), "nothing says {unused:?}");
    }

    #[test]
    fn what_the_operating_system_answers_is_said_in_words() {
        let texts = Texts::load(Some("en"));
        let os = |code| io::Error::from_raw_os_error(code).to_string();
        #[cfg(target_os = "linux")]
        for (code, words) in [
            (2, "there is no such file or directory"),
            (17, "a file of this name exists already"),
            (111, "nothing answers at that address"),
            (13, "this user may not do that"),
        ] {
            let said = os(code);
            assert!(said.contains("(os error"), "{said}");
            assert_eq!(texts.in_words(&said), words);
            let within = format!("io: {said}, twice: {said}");
            assert_eq!(texts.in_words(&within), format!("io: {words}, twice: {words}"));
            let told = texts.get("note", &Args::new().with("text", said));
            assert!(told.contains(words) && !told.contains("os error"), "{told}");
        }
        // What has no words of ours loses its number alone, and what is no answer stays.
        assert!(!texts.in_words(&os(40)).contains("os error"));
        assert_eq!(texts.in_words("Somebody said (os error 2)"), "Somebody said");
        for text in ["plain", "cut (os error ", "odd (os error x)", "cut (os error 2"] {
            assert_eq!(texts.in_words(text), text);
        }
    }

    #[test]
    fn another_language_falls_back_to_english_and_a_missing_text_to_its_id() {
        for lang in ["en", "en_GB.UTF-8", "xx", "", "C", "tlh-Latn"] {
            let texts = Texts::load(Some(lang));
            assert_eq!(texts.language(), "en", "{lang}");
            assert_eq!(texts.plain("answer-valid"), "valid", "{lang}");
        }
        assert_eq!(Texts::load(None).plain("no-such-text"), "no-such-text");
    }

    #[test]
    fn values_are_put_in_without_marks_and_without_control_characters() {
        let texts = Texts::load(Some("en"));
        let args = Args::new().with("url", "http://x/\u{1b}[2J\u{202e}y\nz");
        assert_eq!(
            texts.get("error-node-unreachable", &args),
            "the node at http://x/[2Jy z cannot be reached"
        );
    }

    #[test]
    fn names_in_any_script_stay_as_they_are() {
        for name in ["Ma. Luz Dela Cruz", "ලක්ෂ්මී", "محمد", "क्‍षमा", "Jürgen"]
        {
            assert_eq!(clean(name), name);
        }
    }
}
