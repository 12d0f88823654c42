CREATE TABLE AUDIT.changes (rule_id text, version text, dataset text, key text, column_name text, old_value text, new_value text, digest text, act text, reason text, records bigint, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.changes VALUES
    ('phone_unknown', 'd190d0dbf1', 'people', '2', 'phone', NULL, 'none', NULL, 'set', 'unknown', 1, '20200101T160612974-8ab745', NULL, NULL),
    ('phone_unknown', 'd190d0dbf1', 'people', '7', 'phone', NULL, 'none', NULL, 'set', 'unknown', 1, '20200101T160612974-8ab745', NULL, NULL);
CREATE TABLE AUDIT.flags (rule_id text, version text, dataset text, key text, column_name text, value text, digest text, state text, suggestion text, records bigint, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.flags VALUES
    ('people.mail.not_null', 'f69de9a5a8', 'people', '3', 'mail', NULL, NULL, 'failed', NULL, 1, '20200101T160612974-8ab745', NULL, NULL),
    ('people.mail.not_null', 'f69de9a5a8', 'people', '4', 'mail', NULL, NULL, 'failed', NULL, 1, '20200101T160612974-8ab745', NULL, NULL);
CREATE TABLE AUDIT.rule_results (run_id text, rule_id text, version text, status text, tested bigint, judged bigint, failing bigint, waived bigint, could_not_judge bigint, changed bigint, percent double precision, seconds double precision, message text, statement text, fingerprint text);
INSERT INTO AUDIT.rule_results VALUES
    ('20200101T160612974-8ab745', 'people.mail.not_null', 'f69de9a5a8', 'fail', 7, 7, 2, 0, 0, 0, 28.571428571428573, 0.005, NULL, '078fd9f16b', '2:17167272764874409244:0:0');
CREATE TABLE AUDIT.rule_versions (rule_id text, version text, meta_version text, kind text, check_name text, dataset text, severity text, text text, file text, line integer, author text, commit_id text, committed text, why text, owner text, tags text, formerly text, from_run text, to_run text);
INSERT INTO AUDIT.rule_versions VALUES
    ('people.mail.not_null', 'f69de9a5a8', '203bfc980e', 'validation', 'not_null', 'people', 'error', 'id: people.mail.not_null', 'rules/r.yml', 7, NULL, NULL, NULL, NULL, NULL, '', NULL, '20200101T160612974-8ab745', NULL),
    ('phone_unknown', 'd190d0dbf1', '203bfc980e', 'defaults', 'set', 'people', 'error', 'id: phone_unknown', 'rules/r.yml', 5, NULL, NULL, NULL, NULL, NULL, '', NULL, '20200101T160612974-8ab745', NULL);
CREATE TABLE AUDIT.runs (run_id text, started timestamp, finished timestamp, status text, exit_code integer, command text, as_of timestamp, target text, project text, git_commit text, git_dirty boolean, run_by text, cdmq_version text, versions text, rules_digest text);
INSERT INTO AUDIT.runs VALUES
    ('20200101T160612974-8ab745', '2020-01-01 16:06:12.974632', '2020-01-01 16:06:13.207577', 'fail', 1, 'run', '2026-10-02 00:00:00', 'world.it', 'world', NULL, NULL, 'someone@somewhere', '0.1.0', '{}', '0da2c3e68d');
CREATE TABLE AUDIT.schema_version (version integer, cdmq_version text, applied timestamp);
INSERT INTO AUDIT.schema_version VALUES
    (1, '0.1.0', '2020-01-01 16:06:12.974632');
CREATE TABLE AUDIT.statements (digest text, sql text, dialect text, first_run text);
