-- When the present version of a file's content came; null where it was there when everything in its feed was listed for
-- the first time (rules §7: existing, unmodified since the app was connected).
ALTER TABLE file ADD COLUMN arrived {integer};
