package io.signalbox.acl.model;

import io.signalbox.acl.subject.AuthMethod;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TlsVersion;
import io.signalbox.acl.subject.Transport;
import java.util.List;

/**
 * Further conditions of a statement. All must hold; an empty list asks nothing.
 *
 * @param retain which PUBLISH by its RETAIN flag
 * @param maxQos 0..2; of an allowed PUBLISH, and granted to an allowed SUBSCRIBE
 * @param maxPayloadBytes of an allowed PUBLISH; 0 or more, {@link #NO_MAX_PAYLOAD} without a limit
 */
public record Where(
    List<Transport> transports,
    List<Glob> listeners,
    List<Cidr> sources,
    List<TlsVersion> tlsVersions,
    List<AuthMethod> authMethods,
    RetainRule retain,
    int maxQos,
    int maxPayloadBytes) {
  public static final int NO_MAX_PAYLOAD = Integer.MAX_VALUE;

  /** An answer that may be out of reach; the effect then decides which way is the safe one. */
  public enum Truth {
    YES,
    NO,
    UNKNOWN
  }

  public Where {
    transports = List.copyOf(transports);
    listeners = List.copyOf(listeners);
    sources = List.copyOf(sources);
    tlsVersions = List.copyOf(tlsVersions);
    authMethods = List.copyOf(authMethods);
    if (maxQos < 0 || maxQos > 2) {
      throw new IllegalArgumentException("maxQos: " + maxQos + " is outside 0..2");
    }
    if (maxPayloadBytes < 0) {
      throw new IllegalArgumentException("maxPayload: " + maxPayloadBytes + " is negative");
    }
  }

  private static final Where NOTHING_OF_ALLOW = nothing(RetainRule.FORBID);
  private static final Where NOTHING_OF_DENY = nothing(RetainRule.ALLOW);

  private static Where nothing(RetainRule retain) {
    return new Where(
        List.of(), List.of(), List.of(), List.of(), List.of(), retain, 2, NO_MAX_PAYLOAD);
  }

  /** What a statement without {@code where} asks. */
  public static Where nothing(Effect effect) {
    return effect == Effect.ALLOW ? NOTHING_OF_ALLOW : NOTHING_OF_DENY;
  }

  /** Whether it asks anything of the connection, beside what it asks of the packet. */
  public boolean asksOfConnection() {
    return !(transports.isEmpty()
        && listeners.isEmpty()
        && sources.isEmpty()
        && tlsVersions.isEmpty()
        && authMethods.isEmpty());
  }

  /** Whether the connection is as asked; what it asks of the packet is not looked at. */
  public Truth holdsFor(Subject subject) {
    boolean no =
        (!transports.isEmpty() && !transports.contains(subject.transport()))
            || (!authMethods.isEmpty() && !authMethods.contains(subject.authMethod()))
            || (!listeners.isEmpty()
                && listeners.stream().noneMatch(glob -> glob.matches(subject.listener())));
    if (no) {
      return Truth.NO;
    }
    Truth source = sourceHolds(subject);
    Truth tls = tlsHolds(subject);
    if (source == Truth.NO || tls == Truth.NO) {
      return Truth.NO;
    }
    return source == Truth.UNKNOWN || tls == Truth.UNKNOWN ? Truth.UNKNOWN : Truth.YES;
  }

  private Truth sourceHolds(Subject subject) {
    var source = subject.source();
    if (sources.isEmpty()) {
      return Truth.YES;
    }
    if (source == null) {
      return Truth.UNKNOWN;
    }
    return sources.stream().anyMatch(block -> block.contains(source)) ? Truth.YES : Truth.NO;
  }

  private Truth tlsHolds(Subject subject) {
    var version = subject.tlsVersion();
    if (tlsVersions.isEmpty()) {
      return Truth.YES;
    }
    if (version == null) {
      return subject.transport().isEncrypted() ? Truth.UNKNOWN : Truth.NO;
    }
    return tlsVersions.contains(version) ? Truth.YES : Truth.NO;
  }
}
