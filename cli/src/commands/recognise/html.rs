//! The sheet as a page to print: one file, no script, nothing loaded from elsewhere.

use super::sheet::{Block, Sheet};
use crate::render::Mark;

const STYLE: &str = "body{font:11pt/1.45 serif;max-width:48em;margin:2em auto;padding:0 1em;color:#000}\
h1{font-size:1.4em}h2{font-size:1.1em;border-bottom:1px solid #888;margin-top:1.6em}\
ul{list-style:none;padding-left:0}li{padding-left:2.2em;text-indent:-2.2em;margin:.3em 0}\
b{display:inline-block;width:2.2em;text-indent:0}small{color:#444}\
@media print{body{margin:0;max-width:none}h2{break-after:avoid}li{break-inside:avoid}}";

/// Returns the page.
pub fn page(sheet: &Sheet, language: &str) -> String {
    let title = sheet.blocks.iter().find_map(|block| match block {
        Block::Title(text) => Some(escaped(text)),
        _ => None,
    });
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        title.unwrap_or_default()
    );
    let mut in_list = false;
    for block in &sheet.blocks {
        let is_item = matches!(block, Block::Item(..));
        if is_item != in_list {
            page += if is_item { "<ul>\n" } else { "</ul>\n" };
            in_list = is_item;
        }
        page += &match block {
            Block::Title(text) => format!("<h1>{}</h1>\n", escaped(text)),
            Block::Heading(text) => format!("<h2>{}</h2>\n", escaped(text)),
            Block::Text(text) => format!("<p>{}</p>\n", escaped(text)),
            Block::Item(mark, text, source) => {
                let sign = match mark {
                    Some(Mark::Yes) => "✓",
                    Some(Mark::No) => "✗",
                    Some(Mark::Unknown) => "?",
                    None => "",
                };
                let source = source.as_ref().map(|s| format!(" <small>[{}]</small>", escaped(s)));
                format!("<li><b>{sign}</b>{}{}</li>\n", escaped(text), source.unwrap_or_default())
            }
        };
    }
    if in_list {
        page += "</ul>\n";
    }
    page + "</body>\n</html>\n"
}

/// Writes text so that none of it is markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in crate::text::clean(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_markup() {
        let sheet = Sheet {
            blocks: vec![
                Block::Title("A & B".to_owned()),
                Block::Item(
                    Some(Mark::No),
                    "<script>x</script>".to_owned(),
                    Some("\"1\"".to_owned()),
                ),
            ],
        };
        let page = page(&sheet, "en");
        assert!(page.contains("<h1>A &amp; B</h1>") && page.contains("[&quot;1&quot;]"));
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;x&lt;/script&gt;"));
        assert_eq!(page.matches("<ul>").count(), page.matches("</ul>").count());
    }
}
