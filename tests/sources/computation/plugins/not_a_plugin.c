/* A shared library that has nothing to do with us. */
int an_unrelated_function(void);
int an_unrelated_function(void) { return 1; }
