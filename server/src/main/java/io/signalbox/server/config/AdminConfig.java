package io.signalbox.server.config;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the WebSocket listeners serve over HTTP besides MQTT. Section {@code admin}.
 *
 * @param page whether {@code /} shows the browser page
 * @param metricsFromLoopback whether everybody on this machine may read {@code /health} and {@code
 *     /metrics}; not behind a proxy on this machine that leaves out for whom it asks
 * @param metricsGroups groups whose members may read them from anywhere
 * @param roles groups that give a role in the admin API
 * @param localToken whether the first administrator's token, in the file {@code admin.token} of the
 *     data directory, is made if there is none, and accepted
 * @param threads 1..256 that serve the admin API
 * @param pendingRequestsMax 1..100,000 requests that wait for one; one more is answered with 503
 * @param batchOperationsMax 1..10,000 operations in one request
 * @param auditFileBytesMax 1 KiB..1 TiB of one file of the audit log
 * @param auditFilesMax 2..1,000 files; then the oldest goes
 */
public record AdminConfig(
    boolean page,
    boolean metricsFromLoopback,
    Set<String> metricsGroups,
    Roles roles,
    boolean localToken,
    int threads,
    int pendingRequestsMax,
    int batchOperationsMax,
    long auditFileBytesMax,
    int auditFilesMax) {

  private static final Range THREADS = Range.of("admin.threads", 1, 256);
  private static final Range PENDING_REQUESTS_MAX =
      Range.of("admin.pending-requests-max", 1, 100_000);
  private static final Range BATCH_OPERATIONS_MAX =
      Range.of("admin.batch-operations-max", 1, 10_000);
  private static final Range AUDIT_FILE_BYTES_MAX =
      Range.of("admin.audit-file-bytes-max", 1_024, 1L << 40);
  private static final Range AUDIT_FILES_MAX = Range.of("admin.audit-files-max", 2, 1_000);

  public static final AdminConfig DEFAULTS =
      new AdminConfig(
          true, true, Set.of("operators"), Roles.DEFAULTS, true, 8, 1_000, 1_000, 64L << 20, 10);

  /** Groups, of a token or of a certificate's device, that give a role. */
  public record Roles(
      Set<String> viewers, Set<String> operators, Set<String> admins, Set<String> auditors) {
    static final Roles DEFAULTS =
        new Roles(
            Set.of("signalbox-viewers"),
            Set.of("signalbox-operators"),
            Set.of("signalbox-admins"),
            Set.of("signalbox-auditors"));

    public Roles {
      viewers = Set.copyOf(viewers);
      operators = Set.copyOf(operators);
      admins = Set.copyOf(admins);
      auditors = Set.copyOf(auditors);
    }

    /** Whether the members of a group have a role by it. */
    public boolean areGivenBy(String group) {
      return Stream.of(viewers, operators, admins, auditors).anyMatch(some -> some.contains(group));
    }

    /** Every group whose members have a role by it. */
    public Set<String> all() {
      return Stream.of(viewers, operators, admins, auditors)
          .flatMap(Set::stream)
          .collect(Collectors.toUnmodifiableSet());
    }

    private static Roles read(Section admin) {
      return new Roles(
          groups(admin, "viewer-groups", DEFAULTS.viewers),
          groups(admin, "operator-groups", DEFAULTS.operators),
          groups(admin, "admin-groups", DEFAULTS.admins),
          groups(admin, "auditor-groups", DEFAULTS.auditors));
    }
  }

  public AdminConfig {
    metricsGroups = Set.copyOf(metricsGroups);
    THREADS.check(threads);
    PENDING_REQUESTS_MAX.check(pendingRequestsMax);
    BATCH_OPERATIONS_MAX.check(batchOperationsMax);
    AUDIT_FILE_BYTES_MAX.check(auditFileBytesMax);
    AUDIT_FILES_MAX.check(auditFilesMax);
  }

  private static Set<String> groups(Section admin, String key, Set<String> otherwise) {
    return Set.copyOf(admin.strings(key, List.copyOf(otherwise)));
  }

  static AdminConfig read(Section admin) {
    AdminConfig d = DEFAULTS;
    return admin.make(
        d,
        () ->
            new AdminConfig(
                admin.bool("page", d.page),
                admin.bool("metrics-from-loopback", d.metricsFromLoopback),
                groups(admin, "metrics-groups", d.metricsGroups),
                Roles.read(admin),
                admin.bool("local-token", d.localToken),
                admin.integer(THREADS, d.threads),
                admin.integer(PENDING_REQUESTS_MAX, d.pendingRequestsMax),
                admin.integer(BATCH_OPERATIONS_MAX, d.batchOperationsMax),
                admin.number(AUDIT_FILE_BYTES_MAX, d.auditFileBytesMax),
                admin.integer(AUDIT_FILES_MAX, d.auditFilesMax)));
  }
}
