package io.signalbox.pki;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An immutable choice of identities for TLS. Aliases are certificate fingerprints; those of the
 * choice before stay known, because TLS asks first for an alias and then for what it stands for.
 */
final class IdentitySet {
  private final List<TlsIdentity> current;

  /** The first, and others for a name of it, such as with a key of another type. */
  private final List<TlsIdentity> defaults;

  private final Map<String, TlsIdentity> byAlias = new HashMap<>();
  private final Map<String, List<TlsIdentity>> byHost = new HashMap<>();

  IdentitySet(List<TlsIdentity> current, List<TlsIdentity> previous) {
    if (current.isEmpty()) {
      throw new IllegalArgumentException("TLS needs at least one identity");
    }
    this.current = List.copyOf(current);
    previous.forEach(identity -> byAlias.put(alias(identity), identity));
    for (TlsIdentity identity : current) {
      byAlias.put(alias(identity), identity);
      for (String host : hosts(identity)) {
        byHost.computeIfAbsent(host, _ -> new ArrayList<>()).add(identity);
      }
    }
    Set<String> ofFirst = hosts(current.getFirst());
    this.defaults =
        this.current.stream()
            .filter(
                identity ->
                    identity == current.getFirst()
                        || hosts(identity).stream().anyMatch(ofFirst::contains))
            .toList();
  }

  List<TlsIdentity> current() {
    return current;
  }

  @Nullable TlsIdentity get(String alias) {
    return byAlias.get(alias);
  }

  /**
   * The alias for the first of these names that is known, or for the default if none is; null if
   * that has no key of a wanted type. TLS asks for one type after the other, so another name's
   * certificate would come before the right one of a later type.
   */
  @Nullable String alias(List<String> keyTypes, List<String> requestedHosts) {
    for (String host : requestedHosts) {
      List<TlsIdentity> known = candidates(host.toLowerCase(Locale.ROOT));
      if (!known.isEmpty()) {
        return first(keyTypes, known);
      }
    }
    return first(keyTypes, defaults);
  }

  String @Nullable [] aliases(String keyType) {
    String[] aliases =
        current.stream()
            .filter(identity -> matches(keyType, identity))
            .map(IdentitySet::alias)
            .toArray(String[]::new);
    return aliases.length == 0 ? null : aliases;
  }

  /** Those of the name itself before those of its wildcard. */
  private List<TlsIdentity> candidates(String host) {
    String wildcard = "*" + host.substring(Math.max(host.indexOf('.'), 0));
    return Stream.of(host, wildcard)
        .flatMap(name -> byHost.getOrDefault(name, List.of()).stream())
        .toList();
  }

  private static @Nullable String first(List<String> keyTypes, List<TlsIdentity> identities) {
    for (String keyType : keyTypes) { // the peer's preference first
      for (TlsIdentity identity : identities) {
        if (matches(keyType, identity)) {
          return alias(identity);
        }
      }
    }
    return null;
  }

  private static boolean matches(String keyType, TlsIdentity identity) {
    return identity.certificate().getPublicKey().getAlgorithm().equals(keyType);
  }

  private static Set<String> hosts(TlsIdentity identity) {
    try {
      return HostNames.of(identity.certificate());
    } catch (PkiException e) { // refused by TlsIdentity.readServer, and of no use to a client
      return Set.of();
    }
  }

  private static String alias(TlsIdentity identity) {
    return Certificates.fingerprint(identity.certificate());
  }
}
