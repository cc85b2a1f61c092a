-- The artifacts that valid runs were measured with.
SELECT sha256, name, size_bytes FROM artifacts WHERE sha256 IN (SELECT artifact_sha256 FROM runs WHERE outcome = 'ok') ORDER BY name, sha256;
