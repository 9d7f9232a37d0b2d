//! Looking into pictures, sounds and videos on their way into the lake.
//!
//! Pictures and sounds are decoded here and now, within the limits of `content`: what cannot be decoded is put aside
//! with the reason. There is no decoder for videos in Rust that reads what phones and cameras write, so `ffprobe` and
//! `ffmpeg` do that, as programs that are looked for when they are needed. Without them a video is kept unseen, and the
//! note says so.

use content::media::{HEAD, MediaKind, kind_of};
use content::picture::{self, Picture, PictureParams, PicturePrint};
use content::sound::{self, Sound, SoundParams};
use lake::{KeptFiles, Looked, MediaFacts};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a file is, if it is a picture, sound or video.
pub(crate) fn look(path: &Path) -> Option<Looked> {
    let mut head = Vec::with_capacity(HEAD);
    File::open(path).ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
    let (kind, format) = kind_of(&head, &path.file_name()?.to_string_lossy())?;
    let facts = match kind {
        MediaKind::Picture => picture_facts(path),
        MediaKind::Sound => sound_facts(path),
        MediaKind::Video => video_facts(path),
    };
    Some(match facts {
        Ok(facts) => Looked::Usable(MediaFacts { kind: kind.word().into(), format: format.into(), ..facts }),
        Err(why) => Looked::Broken { kind: kind.word(), why, first: hex(&head[..head.len().min(8)]) },
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The bytes of a file that is not larger than `most`.
fn bytes_of(path: &Path, most: usize) -> Result<Vec<u8>, String> {
    let size = path.metadata().map_err(|e| e.to_string())?.len();
    if size > most as u64 {
        return Err(format!("a file of {size} bytes, at most {most} are read"));
    }
    std::fs::read(path).map_err(|e| e.to_string())
}

/// Reads a picture from a file.
pub(crate) fn picture(path: &Path) -> Result<Picture, String> {
    let params = PictureParams::default();
    picture::decode(&bytes_of(path, params.max_bytes)?, &params).map_err(|e| e.to_string())
}

/// Reads a picture that the lake keeps.
pub(crate) fn kept_picture(kept: &KeptFiles, sha256: &str) -> Result<Picture, String> {
    let params = PictureParams::default();
    let bytes = kept.bytes(sha256, params.max_bytes).map_err(|e| e.to_string())?;
    picture::decode(&bytes, &params).map_err(|e| e.to_string())
}

fn picture_facts(path: &Path) -> Result<MediaFacts, String> {
    let picture = picture(path)?;
    Ok(MediaFacts {
        size: Some((picture.width(), picture.height())),
        print: Some(hex(&PicturePrint::of(&picture).to_bytes())),
        ..MediaFacts::default()
    })
}

/// Reads a sound from a file.
pub(crate) fn sound(path: &Path) -> Result<Sound, String> {
    let params = SoundParams::default();
    sound::decode(&bytes_of(path, params.max_bytes)?, &params).map_err(|e| e.to_string())
}

/// Reads a sound that the lake keeps.
pub(crate) fn kept_sound(kept: &KeptFiles, sha256: &str) -> Result<Sound, String> {
    let params = SoundParams::default();
    let bytes = kept.bytes(sha256, params.max_bytes).map_err(|e| e.to_string())?;
    sound::decode(&bytes, &params).map_err(|e| e.to_string())
}

/// The sound of a video that the lake keeps, by `ffmpeg`. It jumps about in a file, so it gets a copy that only this user
/// reads and that is gone afterwards.
pub(crate) fn sound_of_video(kept: &KeptFiles, sha256: &str) -> Result<Sound, String> {
    let copied = || -> std::io::Result<tempfile::NamedTempFile> {
        let mut copy = tempfile::NamedTempFile::new()?;
        std::io::copy(&mut kept.open(sha256)?, &mut copy)?;
        Ok(copy)
    };
    sound_by_ffmpeg(copied().map_err(|e| e.to_string())?.path())
}

fn sound_by_ffmpeg(path: &Path) -> Result<Sound, String> {
    let params = SoundParams::default();
    let asked = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-t", &params.max_seconds.to_string(), "-i"])
        .arg(path)
        .args(["-vn", "-ac", "1", "-ar", "16000", "-f", "wav", "-"])
        .stdin(Stdio::null())
        .output();
    let output = asked.map_err(|_| "ffmpeg is not installed (Debian: apt install ffmpeg)".to_owned())?;
    if !output.status.success() || output.stdout.is_empty() {
        return Err("there is no sound in it that ffmpeg can read".to_owned());
    }
    sound::decode(&output.stdout, &params).map_err(|e| e.to_string())
}

fn sound_facts(path: &Path) -> Result<MediaFacts, String> {
    let (params, sound) = (SoundParams::default(), sound(path)?);
    let mut notes = Vec::new();
    if sound.n_broken() > 0 {
        notes.push(format!("{} broken packets were left out", sound.n_broken()));
    }
    if sound.seconds() >= params.max_seconds {
        notes.push(format!("longer than {} s; only that much was looked at", params.max_seconds));
    }
    Ok(MediaFacts { seconds: Some(sound.seconds()), notes, ..MediaFacts::default() })
}

fn video_facts(path: &Path) -> Result<MediaFacts, String> {
    let asked = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height:format=duration"])
        .args(["-of", "default=noprint_wrappers=1"])
        .arg(path)
        .stdin(Stdio::null())
        .output();
    let output = match asked {
        Ok(output) => output,
        Err(_) if path.metadata().is_ok_and(|m| m.len() == 0) => return Err("the file is empty".to_owned()),
        Err(_) => {
            let note = "kept unseen: ffprobe is not installed (Debian: apt install ffmpeg); --again looks once it is";
            return Ok(MediaFacts { notes: vec![note.to_owned()], ..MediaFacts::default() });
        }
    };
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        let why = why.lines().next_back().unwrap_or("ffprobe refuses it").to_owned();
        // The path of this machine is nobody's business in a table.
        return Err(format!("the video is broken: {}", why.replace(&path.display().to_string(), "it")));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let value = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::trim);
    let number = |key: &str| value(key).and_then(|v| v.parse::<u32>().ok());
    let size = number("width").zip(number("height")).ok_or("there is no picture in the video")?;
    let seconds = value("duration").and_then(|v| v.parse::<f64>().ok()).filter(|s| s.is_finite() && *s >= 0.0);
    Ok(MediaFacts { size: Some(size), seconds, ..MediaFacts::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_no_picture_and_a_picture_without_bytes_is_a_broken_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            look(&path)
        };
        assert_eq!(file("orders.csv", b"order_id,day\n"), None);
        let Some(Looked::Broken { kind, why, first }) = file("a.png", b"") else { panic!("it is empty") };
        assert_eq!((kind, why.as_str(), first.as_str()), ("picture", "the file is empty", ""));
        let Some(Looked::Broken { why, .. }) = file("b.png", b"\x89PNG\r\n\x1a\nxxxxxxxx") else { panic!("it is cut") };
        assert!(why.contains("PNG"), "{why}");
    }

    #[test] // BMP, 1 × 1, 24 bits: 54 bytes of header, one pixel and its padding.
    fn a_picture_is_told_with_its_size_and_print() {
        let folder = tempfile::tempdir().unwrap();
        let mut bmp = b"BM".to_vec();
        for word in [58_u32, 0, 54, 40, 1, 1, 24 << 16 | 1, 0, 4, 2835, 2835, 0, 0] {
            bmp.extend(word.to_le_bytes());
        }
        bmp.extend([10, 20, 200, 0]);
        let path = folder.path().join("dot.bmp");
        std::fs::write(&path, bmp).unwrap();
        let Some(Looked::Usable(facts)) = look(&path) else { panic!("a picture") };
        assert_eq!((facts.kind.as_str(), facts.format.as_str(), facts.size), ("picture", "bmp", Some((1, 1))));
        assert_eq!(facts.print.map(|p| p.len()), Some(56));
    }
}
