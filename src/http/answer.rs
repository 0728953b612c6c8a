//! Stub.
use zeroize::Zeroizing;
/// Stub.
#[derive(Debug)]
pub struct Answer(pub(crate) Zeroizing<Vec<u8>>);
impl Answer {
    /// Stub.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
    /// Stub.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
    /// Stub.
    pub fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.0.get(9..12)?).ok()?.parse().ok()
    }
    /// Stub.
    pub fn headers(&self) -> http::HeaderMap {
        http::HeaderMap::new()
    }
    /// Stub.
    pub fn text(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.body().to_vec())
    }
    /// Stub.
    pub fn hiding(self, _: crate::secret::Redactor) -> Self {
        self
    }
    /// Stub.
    pub fn redactor(&self) -> crate::secret::Redactor {
        crate::secret::Redactor::new([])
    }
    pub(crate) fn body(&self) -> &[u8] {
        self.0.windows(4).position(|w| w == b"\r\n\r\n").map_or(&[], |at| &self.0[at + 4..])
    }
}
