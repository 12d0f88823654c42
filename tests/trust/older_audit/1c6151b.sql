CREATE TABLE AUDIT.changes (rule_id text, version text, dataset text, key text, column_name text, old_value text, new_value text, digest text, act text, reason text, records bigint, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.changes VALUES
    ('phone_unknown', 'd190d0dbf1', 'people', '2', 'phone', NULL, 'none', NULL, 'set', 'unknown', 1, '20200101T160633753-a1e8c2', NULL, NULL),
    ('phone_unknown', 'd190d0dbf1', 'people', '7', 'phone', NULL, 'none', NULL, 'set', 'unknown', 1, '20200101T160633753-a1e8c2', NULL, NULL);
CREATE TABLE AUDIT.flags (rule_id text, version text, dataset text, key text, column_name text, value text, digest text, state text, suggestion text, records bigint, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.flags VALUES
    ('people.mail.not_null', 'f69de9a5a8', 'people', '3', 'mail', NULL, NULL, 'failed', NULL, 1, '20200101T160633753-a1e8c2', NULL, NULL),
    ('people.mail.not_null', 'f69de9a5a8', 'people', '4', 'mail', NULL, NULL, 'failed', NULL, 1, '20200101T160633753-a1e8c2', NULL, NULL);
CREATE TABLE AUDIT.golden_cells (rule_id text, version text, party_id text, column_name text, value text, digest text, winner text, because text, losers text, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.golden_cells VALUES
    ('best', 'c4ebe0f2d2', 'P029F525EBB2FA8FC', 'mail', 'g@x', NULL, '7', 'only value', NULL, '20200101T160633753-a1e8c2', NULL, NULL),
    ('best', 'c4ebe0f2d2', 'P99F5B34F3F97C0AC', 'mail', 'a@x', NULL, '1', 'only value', NULL, '20200101T160633753-a1e8c2', NULL, NULL),
    ('best', 'c4ebe0f2d2', 'P99F5B34F3F97C0AC', 'phone', '1', NULL, '1', 'only value', NULL, '20200101T160633753-a1e8c2', NULL, NULL),
    ('best', 'c4ebe0f2d2', 'P99F5B34F3F97C0AC', 'vat', 'v1', NULL, '1', 'only value', NULL, '20200101T160633753-a1e8c2', NULL, NULL);
CREATE TABLE AUDIT.match_models (rule_id text, model text, trained_for text, trained_on bigint, settings text, from_run text, to_run text);
CREATE TABLE AUDIT.model_versions (dataset text, version text, text text, file text, author text, commit_id text, committed text, author_note text, from_run text, to_run text);
CREATE TABLE AUDIT.pairs (rule_id text, version text, key_a text, key_b text, verdict text, probability double precision, weight double precision, weights text, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.pairs VALUES
    ('same', '1aafcd2e88', '1', '2', 'same_if', 1.0, NULL, NULL, '20200101T160633753-a1e8c2', NULL, NULL),
    ('same', '1aafcd2e88', '5', '6', 'veto', 1.0, NULL, NULL, '20200101T160633753-a1e8c2', NULL, NULL);
CREATE TABLE AUDIT.party_events (rule_id text, run_id text, event text, party_id text, other text, records bigint);
INSERT INTO AUDIT.party_events VALUES
    ('same', '20200101T160633753-a1e8c2', 'mint', 'P029F525EBB2FA8FC', NULL, 1),
    ('same', '20200101T160633753-a1e8c2', 'mint', 'P0CC0EF151DCD2EA6', NULL, 1),
    ('same', '20200101T160633753-a1e8c2', 'mint', 'P44C806C6BE4C781A', NULL, 1),
    ('same', '20200101T160633753-a1e8c2', 'mint', 'P686AB2CD28F1F0F0', NULL, 1),
    ('same', '20200101T160633753-a1e8c2', 'mint', 'P99F5B34F3F97C0AC', NULL, 2),
    ('same', '20200101T160633753-a1e8c2', 'mint', 'PD1BA91BD09883742', NULL, 1);
CREATE TABLE AUDIT.queue (rule_id text, version text, key_a text, key_b text, why text, probability double precision, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.queue VALUES
    ('same', '1aafcd2e88', '5', '6', 'veto', 1.0, '20200101T160633753-a1e8c2', NULL, NULL);
CREATE TABLE AUDIT.register (schema_name text, name text, kind text, identity text, project text, made_of text, from_run text);
CREATE TABLE AUDIT.rule_results (run_id text, rule_id text, version text, status text, tested bigint, judged bigint, failing bigint, waived bigint, could_not_judge bigint, changed bigint, percent double precision, seconds double precision, message text, statement text, fingerprint text);
INSERT INTO AUDIT.rule_results VALUES
    ('20200101T160633753-a1e8c2', 'people.mail.not_null', 'f69de9a5a8', 'fail', 7, 7, 2, 0, 0, 0, 28.571428571428573, 0.0072, NULL, '02a34585ae', '2:17167272764874409244:0:0');
CREATE TABLE AUDIT.rule_versions (rule_id text, version text, meta_version text, kind text, check_name text, dataset text, severity text, text text, file text, line integer, author text, commit_id text, committed text, author_note text, why text, owner text, tags text, formerly text, from_run text, to_run text);
INSERT INTO AUDIT.rule_versions VALUES
    ('best', 'c4ebe0f2d2', '203bfc980e', 'golden', 'golden', 'people', 'error', 'id: best', 'rules/r.yml', 12, NULL, NULL, NULL, 'no git here', NULL, NULL, '', NULL, '20200101T160633753-a1e8c2', NULL),
    ('class', '9ad5646e10', '203bfc980e', 'tiering', 'tiering', 'people', 'error', 'id: class', 'rules/r.yml', 14, NULL, NULL, NULL, 'no git here', NULL, NULL, '', NULL, '20200101T160633753-a1e8c2', NULL),
    ('people.mail.not_null', 'f69de9a5a8', '203bfc980e', 'validation', 'not_null', 'people', 'error', 'id: people.mail.not_null', 'rules/r.yml', 7, NULL, NULL, NULL, 'no git here', NULL, NULL, '', NULL, '20200101T160633753-a1e8c2', NULL),
    ('phone_unknown', 'd190d0dbf1', '203bfc980e', 'defaults', 'set', 'people', 'error', 'id: phone_unknown', 'rules/r.yml', 5, NULL, NULL, NULL, 'no git here', NULL, NULL, '', NULL, '20200101T160633753-a1e8c2', NULL),
    ('same', '1aafcd2e88', '203bfc980e', 'matching', 'matching', 'people', 'error', 'id: same', 'rules/r.yml', 10, NULL, NULL, NULL, 'no git here', NULL, NULL, '', NULL, '20200101T160633753-a1e8c2', NULL);
CREATE TABLE AUDIT.runs (run_id text, started timestamp, finished timestamp, status text, exit_code integer, command text, as_of timestamp, target text, project text, git_commit text, git_dirty boolean, git_note text, vars text, run_by text, cdmq_version text, versions text, rules_digest text);
INSERT INTO AUDIT.runs VALUES
    ('20200101T160633753-a1e8c2', '2020-01-01 16:06:33.753394', '2020-01-01 16:06:35.341668', 'fail', 1, 'run', '2026-10-02 00:00:00', 'world.it', 'world', NULL, NULL, 'no git here', '{}', 'someone@somewhere', '0.1.0', '{}', '7fdfcb8057');
CREATE TABLE AUDIT.schema_version (version integer, cdmq_version text, applied timestamp, shape text);
INSERT INTO AUDIT.schema_version VALUES
    (2, '0.1.0', '2020-01-01 16:06:33.753394', 'f0ed10acd1');
CREATE TABLE AUDIT.statements (digest text, sql text, dialect text, first_run text);
CREATE TABLE AUDIT.tier_history (rule_id text, version text, key text, level text, measures text, cut_offs text, reason text, missed integer, from_review text, to_review text, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.tier_history VALUES
    ('class', '9ad5646e10', '1', 'gold', '{"volume": 500}', 'volume > 100', 'volume 500 > 100', 0, '2026-10-02 00:00:00', NULL, '20200101T160633753-a1e8c2', NULL, NULL),
    ('class', '9ad5646e10', '4', 'ordinary', '{"volume": 0}', 'otherwise', 'no other level fits: volume 0', 0, '2026-10-02 00:00:00', NULL, '20200101T160633753-a1e8c2', NULL, NULL),
    ('class', '9ad5646e10', '7', 'ordinary', '{"volume": 0}', 'otherwise', 'no other level fits: volume 0', 0, '2026-10-02 00:00:00', NULL, '20200101T160633753-a1e8c2', NULL, NULL);
CREATE TABLE AUDIT.tier_reviews (rule_id text, version text, review text, as_of timestamp, run_id text);
INSERT INTO AUDIT.tier_reviews VALUES
    ('class', '9ad5646e10', '2026-10-02 00:00:00', '2026-10-02 00:00:00', '20200101T160633753-a1e8c2');
CREATE TABLE AUDIT.xref (rule_id text, version text, key text, party_id text, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.xref VALUES
    ('same', '1aafcd2e88', '1', 'P99F5B34F3F97C0AC', '20200101T160633753-a1e8c2', NULL, NULL),
    ('same', '1aafcd2e88', '2', 'P99F5B34F3F97C0AC', '20200101T160633753-a1e8c2', NULL, NULL),
    ('same', '1aafcd2e88', '3', 'PD1BA91BD09883742', '20200101T160633753-a1e8c2', NULL, NULL),
    ('same', '1aafcd2e88', '4', 'P686AB2CD28F1F0F0', '20200101T160633753-a1e8c2', NULL, NULL),
    ('same', '1aafcd2e88', '5', 'P0CC0EF151DCD2EA6', '20200101T160633753-a1e8c2', NULL, NULL),
    ('same', '1aafcd2e88', '6', 'P44C806C6BE4C781A', '20200101T160633753-a1e8c2', NULL, NULL),
    ('same', '1aafcd2e88', '7', 'P029F525EBB2FA8FC', '20200101T160633753-a1e8c2', NULL, NULL);
