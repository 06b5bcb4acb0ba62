-- Whose a wish is, so that each person has their turn. Each of those of before has a place in line of its own, as they
-- may be many people's; what a process of before still adds shares one.
ALTER TABLE slack_wishes ADD COLUMN whose TEXT NOT NULL DEFAULT '';
UPDATE slack_wishes SET whose = id;
