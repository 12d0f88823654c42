CREATE TABLE AUDIT.astray (rule_id text, version text, key text, own text, from_run text, to_run text, closed_because text);
CREATE TABLE AUDIT.changes (rule_id text, version text, dataset text, key text, column_name text, old_value text, new_value text, digest text, act text, reason text, records bigint, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.changes VALUES
    ('phone_unknown', 'af812ddf1f', 'people', '2', 'phone', NULL, 'none', NULL, 'set', 'unknown', 1, '20200101T195720984-43f8f5', NULL, NULL),
    ('phone_unknown', 'af812ddf1f', 'people', '7', 'phone', NULL, 'none', NULL, 'set', 'unknown', 1, '20200101T195720984-43f8f5', NULL, NULL);
CREATE TABLE AUDIT.completeness_scores (rule_id text, version text, key text, score decimal(5,2), missing text, ask_next text, from_run text, to_run text, closed_because text);
CREATE TABLE AUDIT.flag_rows (judgement integer, key text, value text, digest text, records bigint, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.flag_rows VALUES
    (1, '3', NULL, NULL, 1, '20200101T195720984-43f8f5', NULL, NULL),
    (1, '4', NULL, NULL, 1, '20200101T195720984-43f8f5', NULL, NULL);
CREATE TABLE AUDIT.flag_rules (judgement integer, rule_id text, version text, dataset text, column_name text, state text, from_run text);
INSERT INTO AUDIT.flag_rules VALUES
    (1, 'people.mail.not_null', 'f69de9a5a8', 'people', 'mail', 'failed', '20200101T195720984-43f8f5');
CREATE TABLE AUDIT.flag_suggestions (judgement integer, value text, suggestion text);
CREATE TABLE AUDIT.golden_cells (rule_id text, version text, party_id text, column_name text, value text, digest text, winner text, because text, losers text, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.golden_cells VALUES
    ('best', 'e92afbe819', 'P029F525EBB2FA8FC', 'mail', 'g@x', NULL, '7', 'only value', NULL, '20200101T195720984-43f8f5', NULL, NULL),
    ('best', 'e92afbe819', 'P99F5B34F3F97C0AC', 'mail', 'a@x', NULL, '1', 'only value', NULL, '20200101T195720984-43f8f5', NULL, NULL),
    ('best', 'e92afbe819', 'P99F5B34F3F97C0AC', 'phone', '1', NULL, '1', 'only value', NULL, '20200101T195720984-43f8f5', NULL, NULL),
    ('best', 'e92afbe819', 'P99F5B34F3F97C0AC', 'vat', 'v1', NULL, '1', 'only value', NULL, '20200101T195720984-43f8f5', NULL, NULL);
CREATE TABLE AUDIT.leads (rule_id text, version text, party_id text, now_id text, from_run text, to_run text, closed_because text);
CREATE TABLE AUDIT.match_models (rule_id text, model text, trained_for text, trained_on bigint, settings text, from_run text, to_run text);
CREATE TABLE AUDIT.model_versions (dataset text, version text, text text, file text, author text, commit_id text, committed text, author_note text, from_run text, to_run text);
CREATE TABLE AUDIT.pairs (rule_id text, version text, key_a text, key_b text, verdict text, probability double precision, weight double precision, weights text, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.pairs VALUES
    ('same', 'cf562d7ff2', '1', '2', 'same_if', 1.0, NULL, NULL, '20200101T195720984-43f8f5', NULL, NULL),
    ('same', 'cf562d7ff2', '5', '6', 'veto', 1.0, NULL, NULL, '20200101T195720984-43f8f5', NULL, NULL);
CREATE TABLE AUDIT.party_events (rule_id text, run_id text, event text, party_id text, other text, records bigint);
INSERT INTO AUDIT.party_events VALUES
    ('same', '20200101T195720984-43f8f5', 'mint', 'P029F525EBB2FA8FC', NULL, 1),
    ('same', '20200101T195720984-43f8f5', 'mint', 'P0CC0EF151DCD2EA6', NULL, 1),
    ('same', '20200101T195720984-43f8f5', 'mint', 'P44C806C6BE4C781A', NULL, 1),
    ('same', '20200101T195720984-43f8f5', 'mint', 'P686AB2CD28F1F0F0', NULL, 1),
    ('same', '20200101T195720984-43f8f5', 'mint', 'P99F5B34F3F97C0AC', NULL, 2),
    ('same', '20200101T195720984-43f8f5', 'mint', 'PD1BA91BD09883742', NULL, 1);
CREATE TABLE AUDIT.pii_key (mark text, secret text, made timestamp);
CREATE TABLE AUDIT.queue (rule_id text, version text, about text, key text, other text, column_name text, why text, sure double precision, more bigint, first double precision, due timestamp, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.queue VALUES
    ('same', 'cf562d7ff2', 'pair', '5', '6', NULL, 'veto', 1.0, 0, NULL, NULL, '20200101T195720984-43f8f5', NULL, NULL);
CREATE TABLE AUDIT.register (schema_name text, name text, kind text, identity text, project text, made_of text, from_run text);
CREATE TABLE AUDIT.rule_figures (run_id text, rule_id text, figure text, value double precision);
INSERT INTO AUDIT.rule_figures VALUES
    ('20200101T195720984-43f8f5', 'best', 'cells', 12.0),
    ('20200101T195720984-43f8f5', 'best', 'records', 6.0),
    ('20200101T195720984-43f8f5', 'class', 'facts', 2.0),
    ('20200101T195720984-43f8f5', 'class', 'level:gold', 1.0),
    ('20200101T195720984-43f8f5', 'class', 'level:new', 0.0),
    ('20200101T195720984-43f8f5', 'class', 'level:ordinary', 6.0),
    ('20200101T195720984-43f8f5', 'class', 'uncounted', 0.0),
    ('20200101T195720984-43f8f5', 'same', 'asked', 1.0),
    ('20200101T195720984-43f8f5', 'same', 'pairs', 2.0),
    ('20200101T195720984-43f8f5', 'same', 'parties', 6.0),
    ('20200101T195720984-43f8f5', 'same', 'records', 7.0);
CREATE TABLE AUDIT.rule_results (run_id text, rule_id text, version text, status text, tested bigint, judged bigint, failing bigint, waived bigint, could_not_judge bigint, changed bigint, percent double precision, seconds double precision, message text, statement text, fingerprint text);
INSERT INTO AUDIT.rule_results VALUES
    ('20200101T195720984-43f8f5', 'people.mail.not_null', 'f69de9a5a8', 'fail', 7, 7, 2, 0, 0, 0, 28.571428571428573, 0.0144, NULL, '2771a1070b', '2:17167272764874409244:0:0');
CREATE TABLE AUDIT.rule_versions (rule_id text, version text, meta_version text, verdict_version text, kind text, check_name text, dataset text, severity text, text text, file text, line integer, author text, commit_id text, committed text, author_note text, words_author text, words_commit text, words_committed text, words_note text, enabled boolean, why text, owner text, reads text, tags text, formerly text, from_run text, to_run text);
INSERT INTO AUDIT.rule_versions VALUES
    ('best', 'e92afbe819', '203bfc980e', '7429074ef8', 'golden', 'golden', 'people', 'error', 'id: best', 'rules/r.yml', 11, NULL, NULL, NULL, 'no git here', NULL, NULL, NULL, NULL, true, NULL, NULL, NULL, '', NULL, '20200101T195720984-43f8f5', NULL),
    ('class', '3841826bcb', '203bfc980e', 'ad543be7a6', 'tiering', 'tiering', 'people', 'error', 'id: class', 'rules/r.yml', 13, NULL, NULL, NULL, 'no git here', NULL, NULL, NULL, NULL, true, NULL, NULL, 'orders', '', NULL, '20200101T195720984-43f8f5', NULL),
    ('people.mail.not_null', 'f69de9a5a8', '203bfc980e', '0bee9b2b4e', 'validation', 'not_null', 'people', 'error', 'id: people.mail.not_null', 'rules/r.yml', 7, NULL, NULL, NULL, 'no git here', NULL, NULL, NULL, NULL, true, NULL, NULL, NULL, '', NULL, '20200101T195720984-43f8f5', NULL),
    ('phone_unknown', 'af812ddf1f', '203bfc980e', '461d73eccb', 'defaults', 'set', 'people', 'error', 'id: phone_unknown', 'rules/r.yml', 5, NULL, NULL, NULL, 'no git here', NULL, NULL, NULL, NULL, true, NULL, NULL, NULL, '', NULL, '20200101T195720984-43f8f5', NULL),
    ('same', 'cf562d7ff2', '203bfc980e', 'b228507873', 'matching', 'matching', 'people', 'error', 'id: same', 'rules/r.yml', 9, NULL, NULL, NULL, 'no git here', NULL, NULL, NULL, NULL, true, NULL, NULL, NULL, '', NULL, '20200101T195720984-43f8f5', NULL);
CREATE TABLE AUDIT.run_inputs (run_id text, dataset text, source text, rows bigint, digest text, version text, reads text, formerly text);
INSERT INTO AUDIT.run_inputs VALUES
    ('20200101T195720984-43f8f5', 'customers', 'golden', NULL, NULL, NULL, 'people', NULL),
    ('20200101T195720984-43f8f5', 'orders', 'table', 2, 'rows:duckdb v2.0.1:7747165218594229144', NULL, NULL, NULL),
    ('20200101T195720984-43f8f5', 'people', 'table', 7, 'rows:duckdb v2.0.1:81015869985851347820', NULL, NULL, NULL);
CREATE TABLE AUDIT.runs (run_id text, started timestamp, finished timestamp, status text, exit_code integer, command text, as_of timestamp, target text, project text, git_commit text, git_dirty boolean, git_note text, vars text, run_by text, cdmq_version text, versions text, rules_digest text, message text);
INSERT INTO AUDIT.runs VALUES
    ('20200101T195720984-43f8f5', '2020-01-01 19:57:20.984932', '2020-01-01 19:57:26.936830', 'fail', 1, 'run', '2026-10-02 00:00:00', 'world.it', 'world', NULL, NULL, 'no git here', '{}', 'someone@somewhere', '0.1.0', '{}', '71c4a4c854', NULL);
CREATE TABLE AUDIT.schema_version (version integer, cdmq_version text, applied timestamp, shape text);
INSERT INTO AUDIT.schema_version VALUES
    (4, '0.1.0', '2020-01-01 19:57:20.984932', '30746657aa');
CREATE TABLE AUDIT.statements (digest text, sql text, dialect text, first_run text);
CREATE TABLE AUDIT.tier_history (rule_id text, version text, key text, level text, measures text, cut_offs text, reason text, uncounted integer, missed integer, from_review text, to_review text, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.tier_history VALUES
    ('class', '3841826bcb', '1', 'gold', '{"volume": 500}', 'volume > 100', 'volume 500 > 100', NULL, 0, '2026-10-02 00:00:00', NULL, '20200101T195720984-43f8f5', NULL, NULL),
    ('class', '3841826bcb', '4', 'ordinary', '{"volume": 0}', 'otherwise', 'no other level fits: volume 0', NULL, 0, '2026-10-02 00:00:00', NULL, '20200101T195720984-43f8f5', NULL, NULL),
    ('class', '3841826bcb', '7', 'ordinary', '{"volume": 0}', 'otherwise', 'no other level fits: volume 0', NULL, 0, '2026-10-02 00:00:00', NULL, '20200101T195720984-43f8f5', NULL, NULL);
CREATE TABLE AUDIT.tier_reviews (rule_id text, version text, review text, as_of timestamp, run_id text, undone_run text);
INSERT INTO AUDIT.tier_reviews VALUES
    ('class', '3841826bcb', '2026-10-02 00:00:00', '2026-10-02 00:00:00', '20200101T195720984-43f8f5', NULL);
CREATE TABLE AUDIT.xref (rule_id text, version text, key text, party_id text, from_run text, to_run text, closed_because text);
INSERT INTO AUDIT.xref VALUES
    ('same', 'cf562d7ff2', '1', 'P99F5B34F3F97C0AC', '20200101T195720984-43f8f5', NULL, NULL),
    ('same', 'cf562d7ff2', '2', 'P99F5B34F3F97C0AC', '20200101T195720984-43f8f5', NULL, NULL),
    ('same', 'cf562d7ff2', '3', 'PD1BA91BD09883742', '20200101T195720984-43f8f5', NULL, NULL),
    ('same', 'cf562d7ff2', '4', 'P686AB2CD28F1F0F0', '20200101T195720984-43f8f5', NULL, NULL),
    ('same', 'cf562d7ff2', '5', 'P0CC0EF151DCD2EA6', '20200101T195720984-43f8f5', NULL, NULL),
    ('same', 'cf562d7ff2', '6', 'P44C806C6BE4C781A', '20200101T195720984-43f8f5', NULL, NULL),
    ('same', 'cf562d7ff2', '7', 'P029F525EBB2FA8FC', '20200101T195720984-43f8f5', NULL, NULL);
CREATE VIEW AUDIT.flags AS SELECT j.rule_id, j.version, j.dataset, r.key, j.column_name, r.value, r.digest, j.state, s.suggestion, r.records, r.from_run, r.to_run, r.closed_because FROM AUDIT.flag_rows AS r JOIN AUDIT.flag_rules AS j ON j.judgement = r.judgement LEFT JOIN AUDIT.flag_suggestions AS s ON s.judgement = r.judgement AND s.value = r.value;
