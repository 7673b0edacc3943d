//! A storage in Rust: volumes are sparse raw files in a directory. README.md walks through it.
//!
//! PATH/volumes/OP_ID.raw    the volume
//! PATH/volumes/OP_ID.json   {"spec": ..., "volume": ...}; written last, so what it tells of is whole
//! PATH/images/HEX.raw       an image, by its SHA-256; renamed into place when its digest was found right

use blockhost::kinds::finding;
use blockhost::sys::{BH_E_CONFLICT, BH_E_CORRUPT, BH_E_INTERRUPTED, BH_E_UNSUPPORTED, BH_LOG_INFO};
use blockhost::{json, Call, Error, Kernel, Plugin, Result, Storage, Value};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

struct Files {
    kernel: Kernel,
    root: PathBuf,
    lock: Mutex<()>, // a volume is looked for and made by one verb at a time
}

/// Only what an op_id can be becomes a file's name.
fn is_op_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
}

fn sync_folder(folder: &Path) -> Result<()> {
    Ok(File::open(folder)?.sync_all()?)
}

/// The whole text or what was there before, also after a crash.
fn write_durably(folder: &Path, name: &str, text: &str) -> Result<()> {
    let fresh = folder.join(format!(".{}.new", name));
    let mut file = File::create(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, folder.join(name))?;
    sync_folder(folder)
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// The hex digits of "sha256:...".
fn digest_of(document: &Value, key: &str) -> Result<String> {
    let text = document.need_text(key)?;
    let hex = text.strip_prefix("sha256:").unwrap_or("");
    if hex.len() != 64 || !hex.bytes().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()) {
        return Err(Error::invalid("digest", format!("/{}: must be sha256: and 64 hex digits", key)));
    }
    Ok(hex.to_owned())
}

impl Files {
    fn volumes(&self) -> PathBuf {
        self.root.join("volumes")
    }
    fn disk(&self, id: &str) -> PathBuf {
        self.volumes().join(format!("{}.raw", id))
    }
    fn image(&self, hex: &str) -> PathBuf {
        self.root.join("images").join(format!("{}.raw", hex))
    }

    /// None: there is no such volume.
    fn record(&self, id: &str) -> Result<Option<Value>> {
        if !is_op_id(id) {
            return Ok(None);
        }
        match fs::read_to_string(self.volumes().join(format!("{}.json", id))) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
            Ok(text) => json::parse(&text)
                .map(Some)
                .map_err(|_| Error::new(BH_E_CORRUPT, "record", format!("the record of the volume {} is damaged", id))),
        }
    }
    fn keep(&self, id: &str, spec: &Value, volume: &Value) -> Result<()> {
        let record = Value::map(vec![("spec", spec.clone()), ("volume", volume.clone())]);
        write_durably(&self.volumes(), &format!("{}.json", id), &record.to_string())
    }

    fn document(&self, id: &str, spec: &Value, size: u64) -> Value {
        let mut members = vec![
            ("volume", id.into()),
            ("created_by", id.into()),
            ("instance", self.kernel.instance().into()),
            ("kind", "file".into()),
            ("path", self.disk(id).to_string_lossy().into_owned().into()),
            ("format", "raw".into()),
            ("size_bytes", size.into()),
        ];
        if let Some(tags) = spec.get("tags") {
            members.push(("tags", tags.clone()));
        }
        Value::map(members)
    }

    /// The file under its final name, whole: an attempt that was killed left it under another name, or left it there, where
    /// nobody uses it before its record is written.
    fn make_disk(&self, id: &str, image: Option<&str>, size: u64) -> Result<()> {
        let fresh = self.volumes().join(format!(".{}.raw.new", id));
        remove_if_there(&fresh)?;
        if let Some(hex) = image {
            fs::copy(self.image(hex), &fresh)?;
        }
        let file = OpenOptions::new().write(true).create(true).open(&fresh)?;
        if file.metadata()?.len() > size {
            remove_if_there(&fresh)?;
            return Err(Error::invalid("size_bytes", "/size_bytes: is less than the image has"));
        }
        file.set_len(size)?;
        file.sync_all()?;
        fs::rename(&fresh, self.disk(id))?;
        sync_folder(&self.volumes())
    }

    fn sha256(&self, path: &Path) -> Result<String> {
        let ran = self.kernel.run("sha256sum", &["--binary", "--zero", &path.to_string_lossy()], 0)?;
        let text = String::from_utf8_lossy(&ran.output).into_owned();
        if ran.exit_code != 0 || text.len() < 64 {
            return Err(Error::new(blockhost::sys::BH_E_UNAVAILABLE, "sha256sum", "sha256sum can't read the image"));
        }
        Ok(text[..64].to_owned())
    }
}

impl Plugin for Files {
    const ID: &'static str = "org.example.storage-files";
    const VERSION: &'static str = "1.0.0";

    fn create(kernel: Kernel, config: &Value) -> Result<Files> {
        let root = PathBuf::from(config.need_text("path")?);
        if !root.is_absolute() {
            return Err(Error::invalid("path", "/path: must be absolute"));
        }
        for folder in ["volumes", "images"] {
            fs::create_dir_all(root.join(folder))?;
        }
        Ok(Files { kernel, root, lock: Mutex::new(()) })
    }
    fn check(_: Kernel, config: &Value) -> Result<Vec<Value>> {
        let path = Path::new(config.need_text("path")?);
        let place = path.ancestors().find(|place| place.exists());
        let writable = place.and_then(|place| fs::metadata(place).ok()).map_or(false, |found| found.is_dir());
        if writable {
            return Ok(Vec::new());
        }
        Ok(vec![finding("/path", "error", "is not a directory, and can't become one", "name another one")])
    }
    fn health(&self) -> Result<String> {
        Ok(format!("{} volumes", fs::read_dir(self.volumes())?.count() / 2))
    }
}

impl Storage for Files {
    fn describe(&self) -> Result<Value> {
        Ok(Value::map(vec![
            ("volume_kinds", Value::List(vec!["file".into()])),
            ("features", Value::List(vec!["grow".into(), "clone".into()])),
        ]))
    }

    fn pools(&self) -> Result<Vec<Value>> {
        // What statvfs would say needs a crate or the C library; an author who wants it adds one. 0: not known.
        Ok(vec![Value::map(vec![
            ("id", "files".into()),
            ("path", self.root.to_string_lossy().into_owned().into()),
            ("size_bytes", 0u64.into()),
            ("free_bytes", 0u64.into()),
        ])])
    }

    fn image_import(&self, call: &Call, image: &Value) -> Result<Value> {
        let hex = digest_of(image, "digest")?;
        let (name, path) = (image.need_text("name")?, Path::new(image.need_text("path")?));
        if image.need_text("format")? != "raw" {
            return Err(Error::new(BH_E_UNSUPPORTED, "format", "this storage takes raw images only"));
        }
        image.need_u64("size_bytes")?;
        let _held = self.lock.lock();
        let kept = self.image(&hex);
        if !kept.exists() {
            call.stop()?;
            let folder = self.root.join("images");
            let fresh = folder.join(format!(".{}.new", hex));
            call.progress(100, "copying the image");
            fs::copy(path, &fresh)?;
            if self.sha256(&fresh)? != hex {
                remove_if_there(&fresh)?;
                return Err(Error::invalid("digest", format!("/digest: the file of {} has another SHA-256", name)));
            }
            File::open(&fresh)?.sync_all()?;
            fs::rename(&fresh, &kept)?;
            sync_folder(&folder)?;
            self.kernel.log(BH_LOG_INFO, &format!("imported the image {}", name));
        }
        let mut answer = image.clone();
        if let Value::Map(members) = &mut answer {
            members.insert("path".to_owned(), kept.to_string_lossy().into_owned().into());
        }
        Ok(answer)
    }

    fn volume_create(&self, call: &Call, spec: &Value) -> Result<Value> {
        spec.need_text("name")?;
        let size = spec.need_u64("size_bytes")?;
        let image = match spec.optional_text("image_digest")?.unwrap_or("") {
            "" => None,
            _ => Some(digest_of(spec, "image_digest")?),
        };
        let _held = self.lock.lock();
        // First of all, at every attempt: is it there already?
        if let Some(record) = self.record(call.op_id())? {
            if record.get("spec") == Some(spec) {
                return Ok(record.get("volume").cloned().unwrap_or(Value::Null));
            }
            return Err(Error::new(BH_E_CONFLICT, "other_spec", "this op_id has a volume of another specification"));
        }
        if let Some(hex) = &image {
            if !self.image(hex).exists() {
                return Err(Error::not_found("the image is not imported: import it first"));
            }
        }
        if let Err(stop) = call.stop() {
            // What an earlier attempt may have left without a record; after a shutdown the work goes on with it.
            if stop.status != BH_E_INTERRUPTED {
                remove_if_there(&self.disk(call.op_id()))?;
            }
            return Err(stop);
        }
        call.progress(100, "making the file");
        self.make_disk(call.op_id(), image.as_deref(), size)?;
        let volume = self.document(call.op_id(), spec, size);
        self.keep(call.op_id(), spec, &volume)?;
        Ok(volume)
    }

    fn volume_resize(&self, _: &Call, volume: &str, size_bytes: u64) -> Result<()> {
        let _held = self.lock.lock();
        let record = self.record(volume)?.ok_or_else(|| Error::not_found("there is no volume of that id"))?;
        let spec = record.get("spec").cloned().unwrap_or(Value::Null);
        if record.get("volume").map_or(0, |known| known.need_u64("size_bytes").unwrap_or(0)) >= size_bytes {
            return Ok(());
        }
        let file = OpenOptions::new().write(true).open(self.disk(volume))?;
        file.set_len(size_bytes)?;
        file.sync_all()?;
        self.keep(volume, &spec, &self.document(volume, &spec, size_bytes))
    }

    // The record goes last: while it is there, the kernel knows that something is left to delete.
    fn volume_delete(&self, _: &Call, volume: &str) -> Result<()> {
        let _held = self.lock.lock();
        if !is_op_id(volume) {
            return Ok(()); // no id of ours, so gone already
        }
        if self.record(volume)?.is_none() {
            return Ok(());
        }
        remove_if_there(&self.disk(volume))?;
        remove_if_there(&self.volumes().join(format!("{}.json", volume)))?;
        sync_folder(&self.volumes())
    }

    /// One page holds all.
    fn volume_list(&self, page: &str) -> Result<Value> {
        if !page.is_empty() {
            return Err(Error::invalid("bad_page", "there is one page only: its token is empty"));
        }
        let mut volumes = Vec::new();
        for entry in fs::read_dir(self.volumes())? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if let Some(record) = name.strip_suffix(".json").map_or(Ok(None), |id| self.record(id))? {
                volumes.extend(record.get("volume").cloned());
            }
        }
        Ok(Value::map(vec![("volumes", Value::List(volumes))]))
    }
}

blockhost::plugin!(Files, storage);
