-- When an app's feeds were last listed whole, and when it was asked who can reach a file.

-- enumerated_at: null until everything in the feed was listed once; what is listed from then on has come since.
ALTER TABLE feed ADD COLUMN enumerated_at {integer};
UPDATE feed SET enumerated_at = stored_at WHERE position IS NOT NULL AND enumerating = 0;

-- Null where exposure is what the listing said, or where nobody has asked.
ALTER TABLE file ADD COLUMN exposure_at {integer};

CREATE INDEX scan_run_unfinished ON scan_run (app{then_id}) WHERE finished IS NULL;
