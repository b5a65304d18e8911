//! Writes that end in other ways than they should.
