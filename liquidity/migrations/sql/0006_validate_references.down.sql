-- A checked constraint cannot be unchecked, and need not be: reversing the migration before drops it.
SELECT;
