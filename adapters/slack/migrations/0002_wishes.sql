-- Whose a wish is, so that each person has their turn. Those of before share one place in line.
ALTER TABLE slack_wishes ADD COLUMN whose TEXT NOT NULL DEFAULT '';
