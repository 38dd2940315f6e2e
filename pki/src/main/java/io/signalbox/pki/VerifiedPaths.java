package io.signalbox.pki;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;

/**
 * A bounded memory of chains whose signatures and constraints were checked: those never change,
 * while time and revocation are asked about anew each time. It saves the second check at CONNECT
 * after the one in the handshake, and all signature checks of a device that comes back. Safe for
 * many threads.
 */
final class VerifiedPaths {
  private final int pathsMax;

  /** Guarded by itself; the one not asked for longest first. */
  private final SequencedMap<String, Path> paths = new LinkedHashMap<>();

  /**
   * What was found out about a chain.
   *
   * @param used how many of the presented certificates the path has; the rest was superfluous
   */
  record Path(TrustedCa ca, X509Certificate anchor, int used, ClientIdentity identity) {
    List<X509Certificate> of(List<X509Certificate> chain) {
      return Stream.concat(chain.subList(0, used).stream(), Stream.of(anchor)).toList();
    }
  }

  VerifiedPaths(int pathsMax) {
    this.pathsMax = pathsMax;
  }

  /** The key of a chain: a digest over all its bytes, so that nothing about it can differ. */
  static String key(List<X509Certificate> chain) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (X509Certificate certificate : chain) {
        digest.update(
            Certificates.encoded(certificate)); // each is DER, so it says itself where it ends
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  Optional<Path> find(String key) {
    synchronized (paths) {
      Path path = paths.remove(key);
      if (path != null) {
        paths.putLast(key, path);
      }
      return Optional.ofNullable(path);
    }
  }

  void put(String key, Path path) {
    synchronized (paths) {
      paths.putLast(key, path);
      if (paths.size() > pathsMax) {
        paths.pollFirstEntry();
      }
    }
  }

  int size() {
    synchronized (paths) {
      return paths.size();
    }
  }
}
