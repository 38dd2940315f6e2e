package io.signalbox.server.auth;

import io.signalbox.pki.PkiException;
import io.signalbox.pki.SecretFile;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.Account;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.User;
import io.signalbox.server.scram.ScramUser;
import io.signalbox.server.scram.ScramVerifier;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everybody with a password: the users of the registry and those of the users file. A name that
 * both have is the registry's, also while it is disabled there. Any thread; nothing waits but
 * {@link #refresh}.
 */
final class Users {
  /** Under which name no issuer of tokens may be configured: it is part of the principals' ids. */
  private static final String REALM = "users";

  private static final String NOBODY_FILE = "users.key";

  private record Known(List<String> groups, ScramVerifier verifier, Account account) {
    /** A will that an earlier version stored has no account: its name has to do. */
    boolean isThatOf(Principal principal) {
      return principal.account() == null || account.equals(principal.account());
    }
  }

  private final @Nullable Registry registry;
  private final @Nullable WatchedUsersFile file;
  private final byte[] nobody;

  private Users(@Nullable Registry registry, @Nullable WatchedUsersFile file, byte[] nobody) {
    this.registry = registry;
    this.file = file;
    this.nobody = nobody;
  }

  /**
   * @param path of the users file; null: there is none
   * @param dataDirectory where the secret is, or is made, from which the salts of names that nobody
   *     has are derived
   * @throws AuthSetupException with every problem of the file
   */
  static Users open(
      @Nullable Registry registry,
      @Nullable Path path,
      Path dataDirectory,
      SecureRandom random,
      Metrics metrics)
      throws AuthSetupException {
    WatchedUsersFile file = path == null ? null : new WatchedUsersFile(path, metrics);
    try {
      byte[] nobody =
          SecretFile.openOrCreate(
              dataDirectory.resolve(NOBODY_FILE),
              random,
              "key for unknown users",
              "delete it, and a new one is made");
      return new Users(registry, file, nobody);
    } catch (PkiException e) {
      throw new AuthSetupException(List.of(String.valueOf(e.getMessage())), e);
    }
  }

  /**
   * Whether anybody may have a password. Else one in CONNECT is not worth the milliseconds that it
   * costs to find that it is nobody's.
   */
  boolean any() {
    return file != null || (registry != null && registry.count(Kind.USER) > 0);
  }

  private @Nullable Known find(String name) {
    User registered = registry == null ? null : registry.find(Kind.USER, name);
    if (registered != null) {
      var account = new Account(registered.stamp().createdAtMillis());
      return registered.enabled()
          ? new Known(registered.groups(), registered.verifier(), account)
          : null;
    }
    ScramUser user = file == null ? null : file.find(name);
    return user == null ? null : new Known(user.groups(), user.verifier(), Account.OF_USERS_FILE);
  }

  /**
   * The verifier of a user, or of nobody: one that looks the same and that no password has.
   *
   * @param name as the client gave it, prepared
   */
  ScramVerifier verifier(String name) {
    ScramVerifier ofNobody = ScramVerifier.ofNobody(name, nobody, usualIterations());
    Known user = find(name); // the line above costs the same for everybody
    return user == null ? ofNobody : user.verifier;
  }

  /** What most users have, so that nobody's look the same. */
  private int usualIterations() {
    Map<Integer, Long> counts = new HashMap<>(file == null ? Map.of() : file.iterations());
    long registered = registry == null ? 0 : registry.count(Kind.USER);
    counts.merge(ScramVerifier.ITERATIONS_DEFAULT, registered, Long::sum);
    return counts.entrySet().stream()
        .max(Map.Entry.<Integer, Long>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
        .orElseThrow()
        .getKey();
  }

  /**
   * Who a user is who has proved it; null if there is no such user any more.
   *
   * @param proved the verifier, which may be another one's by now
   */
  @Nullable Principal principal(String name, ScramVerifier proved, AuthMethod method) {
    Known user = find(name);
    return user == null || !user.verifier.text().equals(proved.text())
        ? null
        : new Principal(
            "user:" + name + "@" + REALM,
            method,
            null,
            name,
            user.groups,
            Map.of(),
            null,
            null,
            user.account);
  }

  /** Whether somebody logged in as a user of these, alone or beside a certificate. */
  static boolean isOne(Principal principal) {
    return principal.token() == null && principal.userName() != null;
  }

  /** Whether somebody who logged in may no longer be connected. */
  boolean isGone(Principal principal) {
    return isOne(principal) && find(principal) == null;
  }

  /** The groups that somebody has now by logging in here; none if not here. */
  List<String> groupsOf(Principal principal) {
    Known user = isOne(principal) ? find(principal) : null;
    return user == null ? List.of() : user.groups;
  }

  /** The user as whom somebody logged in, not another one who has the name now. */
  private @Nullable Known find(Principal principal) {
    String name = principal.userName();
    Known user = name == null ? null : find(name);
    return user == null || !user.isThatOf(principal) ? null : user;
  }

  /**
   * Takes a changed users file over. Reads a file: not on an I/O thread.
   *
   * @return whether other users are in force now
   */
  boolean refresh() {
    return file != null && file.refresh();
  }
}
