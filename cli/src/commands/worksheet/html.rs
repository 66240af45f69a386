//! A worksheet to print: one file of HTML, without scripts and without anything fetched from elsewhere.

use super::sheet::{Section, Sheet};
use std::fmt::Write as _;

/// How it looks, on the screen and on paper of size A4.
const STYLE: &str = include_str!("worksheet.css");

/// Returns the page. Every value is escaped.
pub fn page(sheet: &Sheet, language: &str) -> String {
    let mut page = String::new();
    let title = escape(&sheet.title);
    page += "<!doctype html>\n";
    line(&mut page, format_args!("<html lang=\"{}\">", escape(language)));
    page += "<head>\n<meta charset=\"utf-8\">\n";
    // Nothing in it may do anything, whatever the values say.
    page += "<meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
    line(
        &mut page,
        format_args!("<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>"),
    );
    line(&mut page, format_args!("<h1>{title}</h1>"));
    line(&mut page, format_args!("<p class=\"lead\">{}</p>", escape(&sheet.lead)));
    page += "<table class=\"facts\">\n";
    for (name, value) in &sheet.facts {
        let (name, value) = (escape(name), escape(value));
        line(&mut page, format_args!("<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>"));
    }
    page += "</table>\n<div class=\"answer\">\n";
    for said in &sheet.answer {
        line(&mut page, format_args!("<p>{}</p>", escape(said)));
    }
    page += "</div>\n";
    for part in &sheet.sections {
        section(&mut page, part);
    }
    line(&mut page, format_args!("<p class=\"footer\">{}</p>", escape(&sheet.footer)));
    page += "<div class=\"sign\">\n";
    for label in &sheet.to_sign {
        line(&mut page, format_args!("<p>{}</p>", escape(label)));
    }
    page += "</div>\n</body>\n</html>\n";
    page
}

fn section(page: &mut String, part: &Section) {
    line(page, format_args!("<section>\n<h2>{}</h2>", escape(&part.heading)));
    if !part.lines.is_empty() {
        *page += "<ul>\n";
        for point in &part.lines {
            line(page, format_args!("<li>{}</li>", escape(point)));
        }
        *page += "</ul>\n";
    }
    if let Some((head, rows)) = part.table.split_first() {
        *page += "<table>\n<thead><tr>";
        for cell in head {
            *page += &format!("<th scope=\"col\">{}</th>", escape(cell));
        }
        *page += "</tr></thead>\n<tbody>\n";
        for row in rows {
            *page += "<tr>";
            for cell in row {
                *page += &format!("<td>{}</td>", escape(cell));
            }
            *page += "</tr>\n";
        }
        *page += "</tbody>\n</table>\n";
    }
    *page += "</section>\n";
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text does not fail.
    let _ = writeln!(page, "{text}");
}

/// Returns text as it stands in HTML, in an element or between quotation marks.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in crate::text::clean(text).chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_becomes_markup_wherever_it_stands() {
        let evil = "<script>alert('1')</script>\"&\u{202e}";
        let text = || evil.to_owned();
        let sheet = Sheet {
            title: text(),
            lead: text(),
            facts: vec![(text(), text())],
            answer: vec![text()],
            sections: vec![Section {
                heading: text(),
                lines: vec![text()],
                table: vec![vec![text()], vec![text()]],
            }],
            footer: text(),
            to_sign: vec![text()],
        };
        let page = page(&sheet, "en");
        assert!(!page.contains("<script") && !page.contains('\u{202e}'), "{page}");
        assert!(!page.contains("alert('"), "{page}");
        let escaped = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;";
        assert_eq!(page.matches(escaped).count(), 12, "every value is there: {page}");
    }

    #[test]
    fn a_page_stands_by_itself() {
        let page = page(&Sheet::default(), "en");
        for outside in ["http://", "https://", "src=", "href=", "url(", "@import", "<script"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("@media print"));
    }
}
