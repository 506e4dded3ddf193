//! The bytes of a value that go into a digest, and that a message takes: every
//! integer little-endian and as wide as its type, a variant as its position in four
//! bytes, a sequence or a string after its length in eight. The same on every
//! platform; nobody reads it back, so nothing is said twice and nothing is packed.
//!
//! (Compact encodings such as postcard's write an integer in a loop over its
//! bytes; that loop was a fifth of the time of a whole run.)

use std::fmt;

use serde::ser::{self, Serialize};

/// Where an encoding is written.
pub(crate) trait Bytes {
    /// Takes these.
    fn write(&mut self, bytes: &[u8]);

    /// Takes so few that nobody should be called for them.
    fn put<const N: usize>(&mut self, bytes: [u8; N]);
}

/// Counts what it is given, and forgets it.
struct Size(u32);

impl Bytes for Size {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0 += bytes.len() as u32;
    }

    #[inline]
    fn put<const N: usize>(&mut self, _: [u8; N]) {
        self.0 += N as u32;
    }
}

/// How many bytes a value takes as it goes into a digest: integers as wide as their
/// types, four for which variant it is, eight for how long a list is. Where all is of
/// a fixed width, that is a sum that the compiler does.
///
/// # Panics
/// On a float, or a sequence that does not know its length.
#[inline]
pub fn encoded_size<T: Serialize + ?Sized>(value: &T) -> u32 {
    let mut size = Size(0);
    let Ok(()) = value.serialize(&mut Encoder(&mut size));
    size.0
}

/// Appends the encoding of a value.
pub(crate) struct Encoder<'a, B>(pub(crate) &'a mut B);

/// Never happens: what has no encoding (a float, or a sequence that does not know
/// its length) is in no event and in no message.
#[derive(Debug)]
pub(crate) enum NoEncoding {}

impl fmt::Display for NoEncoding {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for NoEncoding {}

impl ser::Error for NoEncoding {
    fn custom<T: fmt::Display>(what: T) -> Self {
        panic!("nothing holds what has no encoding: {what}")
    }
}

type Encoded = Result<(), NoEncoding>;

impl<B: Bytes> Encoder<'_, B> {
    #[inline]
    fn bytes<const N: usize>(&mut self, bytes: [u8; N]) -> Encoded {
        self.0.put(bytes);
        Ok(())
    }

    #[inline]
    fn length(&mut self, length: usize) -> Encoded {
        self.bytes((length as u64).to_le_bytes())
    }
}

/// How an integer is written.
macro_rules! integers {
    ($($method:ident: $type:ty),*) => {$(
        #[inline]
        fn $method(self, v: $type) -> Encoded {
            self.bytes(v.to_le_bytes())
        }
    )*};
}

/// How the parts of a value are written: one after the other.
macro_rules! compounds {
    ($($trait:ident { $method:ident($($key:ident: $type:ty),*) })*) => {$(
        impl<B: Bytes> ser::$trait for &mut Encoder<'_, B> {
            type Ok = ();
            type Error = NoEncoding;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, $($key: $type,)* part: &T) -> Encoded {
                part.serialize(&mut **self)
            }

            #[inline]
            fn end(self) -> Encoded {
                Ok(())
            }
        }
    )*};
}

compounds! {
    SerializeSeq { serialize_element() }
    SerializeTuple { serialize_element() }
    SerializeTupleStruct { serialize_field() }
    SerializeTupleVariant { serialize_field() }
    SerializeStruct { serialize_field(_key: &'static str) }
    SerializeStructVariant { serialize_field(_key: &'static str) }
}

impl<B: Bytes> ser::SerializeMap for &mut Encoder<'_, B> {
    type Ok = ();
    type Error = NoEncoding;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Encoded {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Encoded {
        value.serialize(&mut **self)
    }

    fn end(self) -> Encoded {
        Ok(())
    }
}

impl<'e, 'a, B: Bytes> ser::Serializer for &'e mut Encoder<'a, B> {
    type Ok = ();
    type Error = NoEncoding;
    type SerializeSeq = &'e mut Encoder<'a, B>;
    type SerializeTuple = &'e mut Encoder<'a, B>;
    type SerializeTupleStruct = &'e mut Encoder<'a, B>;
    type SerializeTupleVariant = &'e mut Encoder<'a, B>;
    type SerializeMap = &'e mut Encoder<'a, B>;
    type SerializeStruct = &'e mut Encoder<'a, B>;
    type SerializeStructVariant = &'e mut Encoder<'a, B>;

    integers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    }

    #[inline]
    fn serialize_bool(self, v: bool) -> Encoded {
        self.bytes([u8::from(v)])
    }

    fn serialize_f32(self, _: f32) -> Encoded {
        panic!("an encoding holds no floats, which could differ between machines")
    }

    fn serialize_f64(self, _: f64) -> Encoded {
        panic!("an encoding holds no floats, which could differ between machines")
    }

    fn serialize_char(self, v: char) -> Encoded {
        self.serialize_u32(u32::from(v))
    }

    fn serialize_str(self, v: &str) -> Encoded {
        self.serialize_bytes(v.as_bytes())
    }

    fn serialize_bytes(self, v: &[u8]) -> Encoded {
        self.length(v.len())?;
        self.0.write(v);
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Encoded {
        self.bytes([0])
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Encoded {
        self.bytes([1])?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> Encoded {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Encoded {
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, n: u32, _: &'static str) -> Encoded {
        self.serialize_u32(n)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Encoded {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        n: u32,
        _: &'static str,
        value: &T,
    ) -> Encoded {
        self.bytes(n.to_le_bytes())?;
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<Self, NoEncoding> {
        let length = length.expect("an encoding holds no sequence of unknown length");
        self.length(length)?;
        Ok(self)
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Self, NoEncoding> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, NoEncoding> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        n: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, NoEncoding> {
        self.bytes(n.to_le_bytes())?;
        Ok(self)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, NoEncoding> {
        self.serialize_seq(length)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, NoEncoding> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        n: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, NoEncoding> {
        self.bytes(n.to_le_bytes())?;
        Ok(self)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    impl Bytes for Vec<u8> {
        fn write(&mut self, bytes: &[u8]) {
            self.extend_from_slice(bytes);
        }

        fn put<const N: usize>(&mut self, bytes: [u8; N]) {
            self.extend_from_slice(&bytes);
        }
    }

    fn encoded(value: impl Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let Ok(()) = value.serialize(&mut Encoder(&mut bytes));
        assert_eq!(encoded_size(&value) as usize, bytes.len());
        bytes
    }

    #[test]
    fn values_are_as_wide_as_their_types_and_little_endian() {
        assert_eq!(
            encoded((1u8, 0x0203u16, -1i32)),
            [1, 3, 2, 255, 255, 255, 255]
        );
        assert_eq!(encoded((Some(7u8), None::<u8>, true)), [1, 7, 0, 1]);
    }

    #[test]
    fn a_list_says_its_length_so_that_no_two_lists_run_together() {
        let split = |a: &[u8], b: &[u8]| encoded((a, b));
        assert_ne!(split(&[1], &[2, 3]), split(&[1, 2], &[3]));
        assert_ne!(encoded(("a", "bc")), encoded(("ab", "c")));
    }

    #[test]
    fn variants_are_told_apart() {
        #[derive(Serialize)]
        enum Either {
            This(u8),
            That { n: u8 },
            None,
        }
        assert_eq!(encoded(Either::This(9)), [0, 0, 0, 0, 9]);
        assert_eq!(encoded(Either::That { n: 9 }), [1, 0, 0, 0, 9]);
        assert_eq!(encoded(Either::None), [2, 0, 0, 0]);
    }

    #[test]
    #[should_panic = "an encoding holds no floats"]
    fn a_float_is_refused() {
        encoded(1.5f64);
    }
}
