package io.signalbox.pki;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;

/** Names under which clients reach a server: what a server certificate must hold. */
public final class HostNames {
  /** The names of the loopback interface. */
  public static final List<String> LOOPBACK = List.of("localhost", "127.0.0.1", "::1");

  private static final int MACHINE_ADDRESSES_MAX = 16;
  private static final int NAME_CHARS_MAX = 253;
  private static final Pattern LABEL =
      Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?");

  /**
   * Why this machine's addresses could not be listed when that was last tried; empty: they could.
   */
  private static final AtomicReference<String> UNLISTED = new AtomicReference<>("");

  private HostNames() {}

  /**
   * The loopback names, then this machine's host name and the addresses of its interfaces that are
   * up (link-local ones excluded). Asks no name server, which could take seconds when there is
   * none. Addresses that cannot be listed are left out; that is logged once, until the reason is
   * another one. Any thread.
   */
  public static List<String> ofThisMachine() {
    Set<String> names = new LinkedHashSet<>(LOOPBACK);
    machineName().ifPresent(names::add);
    names.addAll(machineAddresses());
    return List.copyOf(names);
  }

  /** Whether the text is an IPv4 or IPv6 address. */
  public static boolean isIpLiteral(String host) {
    try {
      return InetAddress.ofLiteral(host) != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * Refuses what is neither an IP literal nor a DNS name; a first label {@code *} is allowed.
   *
   * @throws PkiException naming the host
   */
  public static void check(String host) throws PkiException {
    boolean valid = isIpLiteral(host) || isDnsName(host);
    if (!valid) {
      throw new PkiException(
          "\""
              + host
              + "\" is neither a host name nor an IP address; write it as in mqtt.example.com or"
              + " 192.0.2.1");
    }
  }

  static boolean isDnsName(String host) {
    String name = host.startsWith("*.") ? host.substring(2) : host;
    boolean valid = !name.isEmpty() && name.length() <= NAME_CHARS_MAX && !isIpLiteral(host);
    for (String label : name.split("\\.", -1)) {
      valid &= LABEL.matcher(label).matches();
    }
    return valid;
  }

  static String normalizedIp(String literal) {
    return InetAddress.ofLiteral(literal).getHostAddress();
  }

  /**
   * Lower case for a DNS name, the canonical form for an address: what two spellings of one host
   * share.
   */
  static String normalized(String host) {
    return isIpLiteral(host) ? normalizedIp(host) : host.toLowerCase(Locale.ROOT);
  }

  /**
   * The hosts that a server's certificate names, each as {@link #normalized}: any number, for it is
   * the operator's own and no stranger's.
   *
   * @throws PkiException if they are unreadable
   */
  static Set<String> of(X509Certificate certificate) throws PkiException {
    Set<String> hosts = new HashSet<>();
    try {
      Extension names =
          Certificates.holder(certificate).getExtension(Extension.subjectAlternativeName);
      if (names != null) {
        for (GeneralName name : NameReader.alternatives(names.getParsedValue())) {
          NameReader.host(name).map(HostNames::normalized).ifPresent(hosts::add);
        }
      }
      return hosts;
    } catch (RuntimeException e) {
      throw new PkiException(
          "the names of the certificate " + AuthorityChecks.name(certificate) + " are unreadable",
          e);
    }
  }

  private static Optional<String> machineName() {
    try {
      String name = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
      check(name);
      return Optional.of(name);
    } catch (IOException | PkiException e) {
      return Optional.ofNullable(
          System.getenv("COMPUTERNAME")); // not Linux, or a name no certificate can hold
    }
  }

  private static List<String> machineAddresses() {
    List<String> addresses = new ArrayList<>();
    try {
      for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
        if (!network.isUp() || network.isLoopback()) {
          continue;
        }
        network
            .inetAddresses()
            .filter(address -> !address.isLinkLocalAddress())
            .map(InetAddress::getHostAddress)
            .map(address -> address.replaceFirst("%.*", ""))
            .forEach(addresses::add);
      }
      UNLISTED.set("");
    } catch (SocketException e) {
      String why = String.valueOf(e.getMessage());
      if (!why.equals(UNLISTED.getAndSet(why))) {
        System.getLogger(HostNames.class.getName())
            .log(System.Logger.Level.WARNING, "cannot list this machine''s addresses: {0}", why);
      }
    }
    return addresses.subList(0, Math.min(addresses.size(), MACHINE_ADDRESSES_MAX));
  }
}
