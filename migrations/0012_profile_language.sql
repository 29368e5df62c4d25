-- Renames members of the profile language in the stored profiles, in their order:
--   createdAt                                     becomes  timestampPrecision
--   signature.severalSecrets: space | none        becomes  signature.whileRotating: all | newest
--   secret.brought: never | optional | required   becomes  secret.source: generated | either | provided
--   secret.shownOnce: true | false                becomes  secret.returned: once | never
--   afterLast: TEXT                               becomes  labels: {undeliverable: TEXT}
--
-- The source is edited as text: jsonb would reorder the members of the body, and functions for json reject the \u0000
-- that an example may contain. A stored profile has no white space between its members, which have the order of the
-- schema. No value in a body or in headers is an object, and a quote inside a string is escaped. So the first match of
-- each pattern is the profile's own member; examples and schemas of event types, which may hold equal text, come later.

UPDATE profiles SET source = regexp_replace(
  source,
  ',"createdAt":"(seconds|milliseconds)","headers":\{',
  ',"timestampPrecision":"\1","headers":{');

UPDATE profiles SET source = regexp_replace(
  source,
  '"severalSecrets":"(space|none)"\},"secret":\{',
  CASE substring(source FROM '"severalSecrets":"(space|none)"\},"secret":\{')
    WHEN 'space' THEN '"whileRotating":"all"},"secret":{'
    ELSE '"whileRotating":"newest"},"secret":{'
  END);

UPDATE profiles SET source = regexp_replace(
  source,
  '"brought":"(?:never|optional|required)","shownOnce":(?:true|false)\},"timeout":"',
  CASE substring(source FROM '"brought":"(never|optional|required)","shownOnce":(?:true|false)\},"timeout":"')
    WHEN 'never' THEN '"source":"generated"'
    WHEN 'required' THEN '"source":"provided"'
    ELSE '"source":"either"'
  END || CASE substring(source FROM '"brought":"(?:never|optional|required)","shownOnce":(true|false)\},"timeout":"')
    WHEN 'true' THEN ',"returned":"once"},"timeout":"'
    ELSE ',"returned":"never"},"timeout":"'
  END);

-- The last member of a profile.
UPDATE profiles SET source = regexp_replace(
  source,
  ',"afterLast":("(?:[^"\\]|\\.)*")\}$',
  ',"labels":{"undeliverable":\1}}');

-- A profile that kept its old members would be signed with the newest secret only, and nobody would notice.
DO $$
DECLARE
  unchanged text;
BEGIN
  SELECT format('version %s of profile %s in scope "%s"', version, name, scope) INTO unchanged
  FROM profiles
  WHERE source !~ ',"timestampPrecision":"(seconds|milliseconds)","headers":\{'
     OR source !~ '"whileRotating":"(all|newest)"\},"secret":\{'
     OR source !~ '"source":"(generated|either|provided)","returned":"(once|never)"\},"timeout":"'
     OR source !~ ',"labels":\{"undeliverable":"(?:[^"\\]|\\.)*"\}\}$'
  LIMIT 1;
  IF unchanged IS NOT NULL THEN
    RAISE EXCEPTION '% could not be translated', unchanged;
  END IF;
END $$;
