//! Documents: JSON as the ABI allows it. Reading refuses text over 1 MiB, nesting deeper than 16, keys that stand twice,
//! NULs and fractions; integers above 2^53 are decimal strings.

use crate::{Error, Result};
use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
}

const MAX_SIZE: usize = 1 << 20;
const MAX_DEPTH: usize = 16;
const MAX_INTEGER: u64 = 1 << 53;

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}
impl From<u64> for Value {
    fn from(number: u64) -> Value {
        if number <= MAX_INTEGER {
            Value::Int(number as i64)
        } else {
            Value::Text(number.to_string())
        }
    }
}

impl Value {
    pub fn map(members: Vec<(&str, Value)>) -> Value {
        Value::Map(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(members) => members.get(key),
            _ => None,
        }
    }
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Int(number) => u64::try_from(*number).ok(),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
    /// The member's text, or "" when it is absent or no text.
    pub fn text(&self, key: &str) -> &str {
        self.get(key).and_then(Value::as_text).unwrap_or("")
    }
    /// The member's elements, or none.
    pub fn list(&self, key: &str) -> &[Value] {
        match self.get(key) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }
    /// The member's bytes: "0x" and hex; none when it is absent.
    pub fn bytes(&self, key: &str) -> Result<Vec<u8>> {
        let bad = || wrong(key, "must be 0x and hex digits");
        let text = match self.get(key) {
            None => return Ok(Vec::new()),
            Some(value) => value.as_text().and_then(|text| text.strip_prefix("0x")).ok_or_else(bad)?,
        };
        if text.len() % 2 != 0 || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
            return Err(bad());
        }
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).map_err(|_| bad())).collect()
    }

    pub fn need_text(&self, key: &str) -> Result<&str> {
        self.get(key).ok_or_else(|| wrong(key, "is missing"))?.as_text().ok_or_else(|| wrong(key, "must be a text"))
    }
    pub fn need_u64(&self, key: &str) -> Result<u64> {
        let value = self.get(key).ok_or_else(|| wrong(key, "is missing"))?;
        value.as_u64().ok_or_else(|| wrong(key, "must be a whole number that is not negative"))
    }
    /// None when it is absent; an Err when it is no text.
    pub fn optional_text(&self, key: &str) -> Result<Option<&str>> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => value.as_text().map(Some).ok_or_else(|| wrong(key, "must be a text")),
        }
    }
}

fn wrong(key: &str, what: &str) -> Error {
    Error::invalid("bad_document", format!("/{}: {}", key, what))
}

fn write_text(out: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    out.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(out, "\\{}", c)?,
            c if (c as u32) < 0x20 => write!(out, "\\u{:04x}", c as u32)?,
            c => write!(out, "{}", c)?,
        }
    }
    out.write_str("\"")
}

/// Keys in byte order and no spaces: equal values give equal text.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => out.write_str("null"),
            Value::Bool(value) => write!(out, "{}", value),
            Value::Int(number) => write!(out, "{}", number),
            Value::Text(text) => write_text(out, text),
            Value::List(items) => {
                out.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(out, "{}{}", if i == 0 { "" } else { "," }, item)?;
                }
                out.write_str("]")
            }
            Value::Map(members) => {
                out.write_str("{")?;
                for (i, (key, value)) in members.iter().enumerate() {
                    out.write_str(if i == 0 { "" } else { "," })?;
                    write_text(out, key)?;
                    write!(out, ":{}", value)?;
                }
                out.write_str("}")
            }
        }
    }
}

/// A document is an object.
pub fn parse(text: &str) -> Result<Value> {
    let bad = |what: &str| Error::invalid("bad_document", format!("the document {}", what));
    if text.len() > MAX_SIZE {
        return Err(bad("is larger than 1 MiB"));
    }
    let mut parser = Parser { text: text.as_bytes(), at: 0 };
    let value = parser.value(0).map_err(|what| bad(&format!("{} at byte {}", what, parser.at)))?;
    parser.space();
    if parser.at != text.len() {
        return Err(bad("has more behind its end"));
    }
    match value {
        Value::Map(_) => Ok(value),
        _ => Err(bad("is not an object")),
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

type Parsed<T> = std::result::Result<T, &'static str>;

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }
    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
    fn word(&mut self, word: &str, value: Value) -> Parsed<Value> {
        if !self.text[self.at..].starts_with(word.as_bytes()) {
            return Err("is not valid JSON");
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Parsed<Value> {
        self.space();
        match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => Err("is nested too deep"),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::Text),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => self.number(),
        }
    }
    fn number(&mut self) -> Parsed<Value> {
        let begin = self.at;
        self.take(b'-');
        let digits = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == digits || (self.text[digits] == b'0' && self.at > digits + 1) {
            return Err("is not valid JSON");
        }
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return Err("has a number that is not whole");
        }
        let text = std::str::from_utf8(&self.text[begin..self.at]).map_err(|_| "is not valid JSON")?;
        text.parse().map(Value::Int).map_err(|_| "has a number that is too large")
    }
    fn object(&mut self, depth: usize) -> Parsed<Value> {
        self.at += 1;
        let mut members = BTreeMap::new();
        self.space();
        if self.take(b'}') {
            return Ok(Value::Map(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err("is not valid JSON");
            }
            let key = self.string()?;
            self.space();
            if !self.take(b':') {
                return Err("is not valid JSON");
            }
            let value = self.value(depth + 1)?;
            if members.insert(key, value).is_some() {
                return Err("has a key twice");
            }
            self.space();
            if self.take(b'}') {
                return Ok(Value::Map(members));
            }
            if !self.take(b',') {
                return Err("is not valid JSON");
            }
        }
    }
    fn array(&mut self, depth: usize) -> Parsed<Value> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(Value::List(items));
            }
            if !self.take(b',') {
                return Err("is not valid JSON");
            }
        }
    }

    fn string(&mut self) -> Parsed<String> {
        self.at += 1;
        let mut out: Vec<u8> = Vec::new();
        loop {
            match self.peek() {
                None | Some(0..=0x1f) => return Err("has a text without an end, or with a control character"),
                Some(b'"') => {
                    self.at += 1;
                    // Whole pieces of a text that was UTF-8, and escapes: it is UTF-8 still.
                    return String::from_utf8(out).map_err(|_| "is not UTF-8");
                }
                Some(b'\\') => {
                    self.at += 1;
                    let c = self.escape()?;
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(c) => {
                    self.at += 1;
                    out.push(c);
                }
            }
        }
    }
    fn escape(&mut self) -> Parsed<char> {
        let kind = self.peek().ok_or("is not valid JSON")?;
        self.at += 1;
        Ok(match kind {
            b'"' | b'\\' | b'/' => kind as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err("is not valid JSON"),
        })
    }
    fn unicode(&mut self) -> Parsed<char> {
        let mut code = self.hex4()?;
        if (0xd800..0xdc00).contains(&code) {
            if !(self.take(b'\\') && self.take(b'u')) {
                return Err("has half a surrogate pair");
            }
            let low = self.hex4()?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err("has half a surrogate pair");
            }
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        match char::from_u32(code) {
            Some('\0') => Err("has a NUL"),
            Some(c) => Ok(c),
            None => Err("has half a surrogate pair"),
        }
    }
    fn hex4(&mut self) -> Parsed<u32> {
        let digits = self.text.get(self.at..self.at + 4).ok_or("is not valid JSON")?;
        let text = std::str::from_utf8(digits).map_err(|_| "is not valid JSON")?;
        if !text.bytes().all(|c| c.is_ascii_hexdigit()) {
            return Err("is not valid JSON");
        }
        self.at += 4;
        u32::from_str_radix(text, 16).map_err(|_| "is not valid JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_what_was_read() {
        let text = r#"{"a":[1,-2,null,true],"b":{"c":"x\"\\\u0001é😀"},"d":"18446744073709551615"}"#;
        assert_eq!(parse(text).unwrap().to_string(), text);
        assert_eq!(parse(text).unwrap().need_u64("d").unwrap(), u64::MAX);
        assert_eq!(parse(r#"{"a":"\ud83d\ude00\n"}"#).unwrap().text("a"), "😀\n");
    }

    #[test]
    fn what_the_abi_forbids_is_refused() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(16), "]".repeat(16));
        for text in [
            "", "[]", "1", "{", "{}x", "{\"a\":1,\"a\":2}", "{\"a\":\"\\u0000\"}", "{\"a\":1.5}", "{\"a\":1e3}", "{\"a\":01}",
            "{\"a\":99999999999999999999}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\n\"}", "{'a':1}", "{\"a\":}", "{\"a\":tru}", &deep,
        ] {
            assert_eq!(parse(text).unwrap_err().status, bh_sys::BH_E_INVALID, "{}", text);
        }
        assert!(parse(&format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_SIZE))).is_err());
        let allowed = format!("{{\"a\":{}{}}}", "[".repeat(15), "]".repeat(15));
        assert!(parse(&allowed).is_ok());
    }

    #[test]
    fn bytes_are_hex() {
        let value = parse(r#"{"a":"0x00ff","b":"0x0","c":"ff"}"#).unwrap();
        assert_eq!(value.bytes("a").unwrap(), vec![0, 255]);
        assert!(value.bytes("b").is_err() && value.bytes("c").is_err());
        assert!(value.bytes("none").unwrap().is_empty());
    }
}
