-- A document may say everything in both languages at once.
ALTER TABLE documents DROP CONSTRAINT documents_language_check;
ALTER TABLE documents ADD CONSTRAINT documents_language_check CHECK (language IN ('ru', 'kk', 'ru+kk'));
