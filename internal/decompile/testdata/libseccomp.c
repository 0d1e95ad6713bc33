/* Makes a filter with libseccomp as standard input says and writes the program
   to standard output. A line is one of

       filter ACTION          the default action, a number
       arch NAME              adds an architecture, by libseccomp's name
       only NAME              the same, and removes the native one
       optimize LEVEL
       rule ACTION CALL [ARG OP VALUE [MASK]]...

   where CALL is a name or a native number, and OP is ne, lt, le, eq, ge, gt or meq. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(const char *what, int rc) {
  if (rc < 0 && rc != -EEXIST) {
    fprintf(stderr, "%s: %s\n", what, strerror(-rc));
    exit(1);
  }
}

static uint64_t number(void) {
  char *word = strtok(NULL, " \n");
  return word ? strtoull(word, NULL, 0) : 0;
}

static enum scmp_compare op(const char *word) {
  static const char *const words[] = {"", "ne", "lt", "le", "eq", "ge", "gt", "meq"};
  for (int i = 1; i < 8; i++)
    if (strcmp(word, words[i]) == 0)
      return (enum scmp_compare)i;
  fprintf(stderr, "%s: no operator\n", word);
  exit(1);
}

int main(void) {
  scmp_filter_ctx ctx = NULL;
  char line[4096];
  while (fgets(line, sizeof line, stdin)) {
    char *verb = strtok(line, " \n");
    if (!verb)
      continue;
    if (strcmp(verb, "filter") == 0) {
      ctx = seccomp_init(number());
      check(verb, ctx ? 0 : -EINVAL);
    } else if (strcmp(verb, "arch") == 0) {
      check(verb, seccomp_arch_add(ctx, seccomp_arch_resolve_name(strtok(NULL, " \n"))));
    } else if (strcmp(verb, "only") == 0) {
      check(verb, seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE)); /* first: of another byte order */
      check(verb, seccomp_arch_add(ctx, seccomp_arch_resolve_name(strtok(NULL, " \n"))));
    } else if (strcmp(verb, "optimize") == 0) {
      check(verb, seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, number()));
    } else if (strcmp(verb, "rule") == 0) {
      uint32_t action = number();
      char *call = strtok(NULL, " \n"), *word;
      struct scmp_arg_cmp args[6];
      unsigned n = 0;
      while (n < 6 && (word = strtok(NULL, " \n"))) {
        args[n].arg = atoi(word);
        args[n].op = op(strtok(NULL, " \n"));
        args[n].datum_a = number();
        args[n].datum_b = 0;
        if (args[n].op == SCMP_CMP_MASKED_EQ) { /* value, then mask */
          args[n].datum_b = args[n].datum_a;
          args[n].datum_a = number();
        }
        n++;
      }
      int nr = *call >= '0' && *call <= '9' ? atoi(call) : seccomp_syscall_resolve_name(call);
      check(call, seccomp_rule_add_array(ctx, action, nr, n, args));
    }
  }
  check("export", seccomp_export_bpf(ctx, STDOUT_FILENO));
  return 0;
}
