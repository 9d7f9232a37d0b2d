//! What a file is by its first bytes: a picture, a sound, a video, or none of them. Its name decides only where the
//! bytes say nothing, so that an empty `photo.jpg` is told as a broken picture and not as a table without rows.

/// A modality that comes as files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// JPEG, PNG, WebP, GIF, BMP, TIFF.
    Picture,
    /// WAV, MP3, Ogg, FLAC.
    Sound,
    /// MP4 and its kin, Matroska and WebM, AVI.
    Video,
}

impl MediaKind {
    /// The word in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Sound => "sound",
            Self::Video => "video",
        }
    }
}

/// Bytes that [`kind_of`] wants to see.
pub const HEAD: usize = 32;

const NAMES: [(&str, MediaKind); 21] = [
    ("jpg", MediaKind::Picture),
    ("jpeg", MediaKind::Picture),
    ("png", MediaKind::Picture),
    ("webp", MediaKind::Picture),
    ("gif", MediaKind::Picture),
    ("bmp", MediaKind::Picture),
    ("tif", MediaKind::Picture),
    ("tiff", MediaKind::Picture),
    ("wav", MediaKind::Sound),
    ("mp3", MediaKind::Sound),
    ("ogg", MediaKind::Sound),
    ("oga", MediaKind::Sound),
    ("flac", MediaKind::Sound),
    ("mp4", MediaKind::Video),
    ("m4v", MediaKind::Video),
    ("mov", MediaKind::Video),
    ("mkv", MediaKind::Video),
    ("webm", MediaKind::Video),
    ("avi", MediaKind::Video),
    ("mpg", MediaKind::Video),
    ("mpeg", MediaKind::Video),
];

/// Kind and format of a file by its first [`HEAD`] bytes, else by the ending of its name; `None` for anything else.
pub fn kind_of(head: &[u8], name: &str) -> Option<(MediaKind, &'static str)> {
    use MediaKind::{Picture, Sound, Video};
    let at = |from: usize, what: &[u8]| head.get(from..).is_some_and(|rest| rest.starts_with(what));
    let riff = at(0, b"RIFF");
    let found = if at(0, &[0xff, 0xd8, 0xff]) {
        (Picture, "jpeg")
    } else if at(0, b"\x89PNG\r\n\x1a\n") {
        (Picture, "png")
    } else if riff && at(8, b"WEBP") {
        (Picture, "webp")
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        (Picture, "gif")
    // Two letters alone begin many a table: the four reserved bytes after the size are zero.
    } else if at(0, b"BM") && at(6, &[0, 0, 0, 0]) {
        (Picture, "bmp")
    } else if at(0, b"II*\0") || at(0, b"MM\0*") {
        (Picture, "tiff")
    } else if riff && at(8, b"WAVE") {
        (Sound, "wav")
    } else if at(0, b"ID3") && head.get(3).is_some_and(|version| *version < 5) {
        (Sound, "mp3")
    } else if at(0, b"OggS") {
        (Sound, "ogg")
    } else if at(0, b"fLaC") {
        (Sound, "flac")
    } else if at(4, b"ftyp") {
        (Video, "mp4")
    } else if at(0, &[0x1a, 0x45, 0xdf, 0xa3]) {
        (Video, "matroska")
    } else if riff && at(8, b"AVI ") {
        (Video, "avi")
    } else {
        let ending = name.rsplit_once('.')?.1.to_lowercase();
        let (ending, kind) = NAMES.iter().find(|(known, _)| *known == ending)?;
        return Some((*kind, ending));
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_decide_and_a_name_only_without_them() {
        assert_eq!(kind_of(b"\x89PNG\r\n\x1a\n....", "a.csv"), Some((MediaKind::Picture, "png")));
        assert_eq!(kind_of(b"RIFF\0\0\0\0WAVEfmt ", "x"), Some((MediaKind::Sound, "wav")));
        assert_eq!(kind_of(b"\0\0\0\x18ftypisom", "x"), Some((MediaKind::Video, "mp4")));
        assert_eq!(kind_of(b"", "photo.JPG"), Some((MediaKind::Picture, "jpg")));
        assert_eq!(kind_of(b"BMI,name\n27.1,x\n", "people.csv"), None);
        assert_eq!(kind_of(b"ID3,name\n", "people.csv"), None);
        assert_eq!(kind_of(b"order_id,day\n", "orders.csv"), None);
        assert_eq!(kind_of(b"", "no_ending"), None);
    }
}
