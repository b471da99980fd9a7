-- A key that holds needs no undoing: the previous migration's reversal drops it.
SELECT 1;
