-- Fields that a version's spec requires of its card and that say nothing: such
-- a version is not promoted.
ALTER TABLE model_version ADD COLUMN card_missing text[] NOT NULL DEFAULT '{}';
