package io.signalbox.server.auth;

import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.config.AuthConfig.AclClaim;
import io.signalbox.server.config.JwksConfig;
import io.signalbox.server.config.JwtClaims;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.SigningKey;
import io.signalbox.server.principal.TokenClaims;
import io.signalbox.server.registry.JwtIssuer;
import io.signalbox.server.trust.Fetcher;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The issuers whose tokens are accepted, with their keys. Immutable; any thread. */
final class TokenTrust {
  private static final Logger LOG = System.getLogger(TokenTrust.class.getName());

  /**
   * Somebody who signs tokens.
   *
   * @param name under which policies know it
   * @param lifetimeKey what sets {@code lifetimeMax}, for people
   */
  record Issuer(
      String name,
      Set<String> audiences,
      List<TokenKeys> keys,
      ClaimPath user,
      @Nullable ClaimPath device,
      ClaimPath groups,
      Map<String, ClaimPath> attributes,
      Duration clockSkew,
      Duration lifetimeMax,
      String lifetimeKey,
      boolean aclGrants) {
    Issuer {
      audiences = Set.copyOf(audiences);
      keys = List.copyOf(keys);
      attributes = Map.copyOf(attributes);
    }

    private static Issuer of(
        String name,
        List<String> audiences,
        List<TokenKeys> keys,
        JwtClaims claims,
        AuthConfig.Jwt config,
        AclClaim aclClaim) {
      Map<String, ClaimPath> attributes = new HashMap<>();
      claims
          .attributes()
          .forEach((attribute, path) -> attributes.put(attribute, ClaimPath.of(path)));
      String device = claims.device();
      String groups = claims.groups();
      return new Issuer(
          name,
          Set.copyOf(audiences),
          keys,
          ClaimPath.of(claims.user()),
          device == null ? null : ClaimPath.of(device),
          ClaimPath.of(groups == null ? config.groupsClaim() : groups),
          attributes,
          config.clockSkew(),
          config.lifetimeMax(),
          "auth.jwt.lifetime-max-seconds",
          aclClaim == AclClaim.GRANT);
    }

    private Stream<FetchedKeys> fetched() {
      return keys.stream()
          .flatMap(
              source ->
                  source instanceof TokenKeys.Fetched(var set) ? Stream.of(set) : Stream.of());
    }

    private boolean mayHold(@Nullable SigningKey signer) {
      return signer instanceof TokenKey key
          && keys.stream().anyMatch(source -> source.mayHold(key));
    }
  }

  /** By the exact value of the claim {@code iss}. */
  private final Map<String, Issuer> issuers;

  /** Those of the configuration alone. */
  private final Map<String, Issuer> configured;

  private final Map<JwtIssuer, Issuer> registered;
  private final @Nullable Fetcher fetcher;
  private final Clocks clocks;

  private TokenTrust(
      Map<String, Issuer> configured,
      Map<JwtIssuer, Issuer> registered,
      @Nullable Fetcher fetcher,
      Clocks clocks) {
    Map<String, Issuer> all = new HashMap<>(configured);
    registered.forEach((entry, issuer) -> all.putIfAbsent(entry.issuer(), issuer));
    this.issuers = Map.copyOf(all);
    this.configured = Map.copyOf(configured);
    this.registered = Map.copyOf(registered);
    this.fetcher = fetcher;
    this.clocks = clocks;
  }

  /**
   * The issuers of the configuration and these. Keys that were fetched stay in force where the
   * address stayed, and are fetched again where anything else of the entry changed.
   */
  TokenTrust withRegistered(Collection<JwtIssuer> entries) {
    Map<JwtIssuer, Issuer> now = new HashMap<>();
    for (JwtIssuer entry : entries) {
      if (!entry.enabled()) {
        continue;
      }
      if (configured.values().stream().anyMatch(c -> c.name().equals(entry.name()))) {
        // Its users would have the ids of another issuer's users.
        LOG.log(
            Level.ERROR,
            "the registered issuer \"{0}\" does not count: the configuration has one of its name",
            entry.name());
        continue;
      }
      Issuer before = registered.get(entry);
      try {
        now.put(entry, before != null ? before : begun(entry));
      } catch (IllegalArgumentException e) {
        LOG.log(
            Level.ERROR,
            "tokens of the registered issuer \"{0}\" are refused: {1}",
            entry.name(),
            e.getMessage());
      }
      if (configured.containsKey(entry.issuer())) {
        LOG.log(
            Level.ERROR,
            "the registered issuer \"{0}\" does not count: the configuration has its iss",
            entry.name());
      }
    }
    return new TokenTrust(configured, now, fetcher, clocks);
  }

  private Issuer begun(JwtIssuer entry) {
    FetchedKeys earlier =
        registered.entrySet().stream()
            .filter(before -> before.getKey().name().equals(entry.name()))
            .filter(before -> before.getKey().keys().equals(entry.keys()))
            .flatMap(before -> before.getValue().fetched())
            .findFirst()
            .orElse(null);
    Issuer made = RegisteredIssuers.issuer(entry, earlier, Objects.requireNonNull(fetcher), clocks);
    made.fetched().forEach(FetchedKeys::begin);
    return made;
  }

  /**
   * How the last fetch of the keys of a registered issuer ended; pending for one that does not
   * count, failed for one whose secret cannot be read.
   */
  KeyRefresh lastRefresh(JwtIssuer entry) {
    if (entry.keys() instanceof JwtIssuer.Keys.UnreadableSecret) {
      return KeyRefresh.failed(RegisteredIssuers.UNREADABLE);
    }
    Issuer issuer = registered.get(entry);
    return issuer == null
        ? KeyRefresh.PENDING
        : issuer.fetched().map(FetchedKeys::last).findFirst().orElse(KeyRefresh.PENDING);
  }

  /**
   * Has key sets fetched again that are old, and waits for none; reads those of files again that
   * have changed.
   *
   * @return whether an issuer has other keys since this was asked last
   */
  boolean refresh() {
    boolean changed = false;
    for (Issuer issuer : issuers.values()) {
      for (TokenKeys keys : issuer.keys()) {
        changed |=
            switch (keys) {
              case TokenKeys.Fetched(FetchedKeys fetched) -> fetched.refresh();
              case TokenKeys.Watched(KeySetFile file) -> file.refresh();
              case TokenKeys.Fixed _ -> false;
            };
      }
    }
    return changed;
  }

  /** How many files of key sets cannot be used, so that those before are. Any thread. */
  long staleFiles() {
    return issuers.values().stream()
        .flatMap(issuer -> issuer.keys().stream())
        .filter(keys -> keys instanceof TokenKeys.Watched(KeySetFile file) && file.isStale())
        .count();
  }

  /** Why a token that was verified would no longer be, but for its times; empty if it would. */
  Optional<String> problem(TokenClaims token) {
    Issuer issuer = issuerIn(token.claims());
    if (issuer == null || !issuer.name().equals(token.issuer())) {
      return Optional.of("the token's issuer is no longer trusted");
    }
    if (Collections.disjoint(token.audiences(), issuer.audiences())) {
      return Optional.of("the token is for another audience");
    }
    return issuer.mayHold(token.signedBy())
        ? Optional.empty()
        : Optional.of("the key that signed the token was withdrawn");
  }

  /**
   * The issuer of the registry whose token it is; null if the configuration has it, where nothing
   * changes, or nobody.
   */
  @Nullable Issuer registeredIssuerOf(TokenClaims token) {
    Issuer issuer = issuerIn(token.claims());
    return issuer == null || configured.containsKey(token.claims().get("iss")) ? null : issuer;
  }

  private @Nullable Issuer issuerIn(Map<String, Object> claims) {
    return claims.get("iss") instanceof String iss ? issuers.get(iss) : null;
  }

  /** By the name under which policies know it. */
  Optional<Issuer> issuer(String name) {
    return issuers.values().stream().filter(issuer -> issuer.name().equals(name)).findFirst();
  }

  /**
   * @param local the key of the data directory's own tokens; null if they are not accepted
   * @throws AuthSetupException naming every key that cannot be used
   */
  static TokenTrust of(
      AuthConfig.Jwt config, @Nullable LocalTokenKey local, Fetcher fetcher, Clocks clocks)
      throws AuthSetupException {
    Map<String, Issuer> issuers = new HashMap<>();
    List<String> problems = new ArrayList<>();
    List<IOException> unread = new ArrayList<>();
    for (AuthConfig.Issuer configured : config.issuers()) {
      List<TokenKey> keys = new ArrayList<>();
      List<TokenKeys> sources = new ArrayList<>();
      for (AuthConfig.Key key : configured.keys()) {
        try {
          keys.add(TokenKey.of(key));
        } catch (IllegalArgumentException e) {
          String which = key.id() == null ? "without id" : "\"" + key.id() + "\"";
          problems.add(
              "auth.jwt.issuers: key %s of issuer \"%s\" %s"
                  .formatted(which, configured.name(), e.getMessage()));
        }
      }
      JwksConfig set = configured.keySet();
      if (set != null) {
        try {
          sources.add(keySet(configured, set, fetcher, clocks));
        } catch (IOException e) {
          unread.add(e);
          problems.add(unusable(configured, set, e));
        } catch (IllegalArgumentException e) {
          problems.add(unusable(configured, set, e));
        }
      }
      sources.add(new TokenKeys.Fixed(keys));
      issuers.put(
          configured.issuer(),
          Issuer.of(
              configured.name(),
              configured.audiences(),
              sources,
              configured.claims(),
              config,
              configured.aclClaim()));
    }
    if (local != null) {
      Issuer own =
          Issuer.of(
              LocalTokenKey.ISSUER_NAME,
              List.of(LocalTokenKey.AUDIENCE),
              List.of(new TokenKeys.Fixed(List.of(local.toTokenKey()))),
              JwtClaims.DEFAULTS,
              config,
              AclClaim.NARROW);
      if (issuers.put(LocalTokenKey.ISSUER, own) != null) {
        problems.add(
            "auth.jwt.issuers: the issuer \""
                + LocalTokenKey.ISSUER
                + "\" is this broker's own; choose another value for iss");
      }
    }
    if (!problems.isEmpty()) {
      boolean allUnread = problems.size() == unread.size(); // the fault of a disk may pass
      throw new AuthSetupException(problems, allUnread ? unread.getFirst() : null);
    }
    return new TokenTrust(issuers, Map.of(), fetcher, clocks);
  }

  private static String unusable(AuthConfig.Issuer issuer, JwksConfig set, Exception why) {
    return "auth.jwt.issuers: the key set \"%s\" of issuer \"%s\" cannot be used: %s"
        .formatted(set.file(), issuer.name(), why.getMessage());
  }

  /** Trusts the data directory's own enrolment tokens and nothing else; fetches nothing. */
  static TokenTrust ofEnrolment(AuthConfig.Jwt config, LocalTokenKey local, Clocks clocks) {
    Issuer own =
        Issuer.of(
            LocalTokenKey.ISSUER_NAME,
            List.of(TokenIssuer.ENROLMENT_AUDIENCE),
            List.of(new TokenKeys.Fixed(List.of(local.toTokenKey()))),
            JwtClaims.DEFAULTS,
            config,
            AclClaim.NARROW);
    return new TokenTrust(Map.of(LocalTokenKey.ISSUER, own), Map.of(), null, clocks);
  }

  private static TokenKeys keySet(
      AuthConfig.Issuer issuer, JwksConfig set, Fetcher fetcher, Clocks clocks) throws IOException {
    URI url = set.url();
    if (url == null) {
      return new TokenKeys.Watched(
          new KeySetFile(issuer.name(), Objects.requireNonNull(set.file()), set.algorithms()));
    }
    return new TokenKeys.Fetched(
        new FetchedKeys(
            issuer.name(), url, set.algorithms(), set.refresh(), set.pause(), fetcher, clocks));
  }

  /** Whether there is a key with the token's id and algorithm. */
  static boolean hasKeyFor(List<TokenKey> keys, CompactToken token) {
    return keys.stream()
        .anyMatch(key -> key.isFor(token.keyId()) && key.algorithm().equals(token.algorithm()));
  }

  /** Whether any issuer's keys are fetched, so that {@link #prepare} may have something to do. */
  boolean fetches() {
    return issuers.values().stream()
        .flatMap(issuer -> issuer.keys().stream())
        .anyMatch(keys -> keys instanceof TokenKeys.Fetched);
  }

  /** Sees to it that the key of a token is known, if it can be found out; never fails. */
  CompletableFuture<Void> prepare(CompactToken token) {
    Issuer issuer = issuerIn(token.claims());
    return issuer == null
        ? CompletableFuture.completedFuture(null)
        : CompletableFuture.allOf(
            issuer.keys().stream()
                .map(keys -> keys.prepare(token))
                .toArray(CompletableFuture<?>[]::new));
  }

  /** The issuer that a token names, without belief in it. */
  Issuer issuerOf(CompactToken token) throws CredentialException {
    if (!(token.claims().get("iss") instanceof String value)) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_ISSUER, "token without the claim \"iss\"");
    }
    Issuer issuer = issuers.get(value);
    if (issuer == null) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_ISSUER,
          "token of the issuer " + LogText.quote(value) + ", which is not configured");
    }
    return issuer;
  }

  /**
   * Refuses a token that none of the issuer's keys has signed with its own algorithm.
   *
   * @return the one that has
   */
  static TokenKey checkSignature(CompactToken token, Issuer issuer) throws CredentialException {
    boolean keyIsKnown = false;
    boolean algorithmFits = false;
    List<TokenKey> keys =
        issuer.keys().stream().flatMap(source -> source.known().stream()).toList();
    for (TokenKey key : keys) {
      if (!key.isFor(token.keyId())) {
        continue;
      }
      keyIsKnown = true;
      if (!key.algorithm().equals(token.algorithm())) {
        continue; // also "none", which is no key's
      }
      algorithmFits = true;
      if (key.hasSigned(token)) {
        return key;
      }
    }
    String keyId = token.keyId();
    String which = keyId == null ? "a key without id" : "the key " + LogText.quote(keyId);
    String of = " of issuer \"" + issuer.name() + "\"";
    if (!keyIsKnown) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_SIGNATURE, "token signed with " + which + of + ", which is unknown");
    }
    if (!algorithmFits) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_ALGORITHM,
          "token with the algorithm "
              + LogText.quote(token.algorithm())
              + ", but "
              + which
              + of
              + " is for another one");
    }
    throw CredentialException.ofToken(
            AuthFailure.TOKEN_SIGNATURE, "token whose signature is not by " + which + of)
        .ofGuess();
  }
}
