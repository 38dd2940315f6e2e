package io.signalbox.server.registry;

import org.jspecify.annotations.Nullable;

/**
 * One of several changes that happen together or not at all.
 *
 * @param maker makes the entry that is to be stored; null: the entry is removed
 * @param content of a certificate that is new; null: of what is stored, if any
 */
public record Edit<E extends Entry<E>>(
    Kind<E> kind,
    String name,
    Condition condition,
    Registry.@Nullable Maker<E> maker,
    @Nullable CertificateContent content) {

  public static <E extends Entry<E>> Edit<E> put(
      Kind<E> kind, String name, Condition condition, Registry.Maker<E> maker) {
    return new Edit<>(kind, name, condition, maker, null);
  }

  static Edit<DeviceCertificate> create(DeviceCertificate fresh, CertificateContent content) {
    return new Edit<>(
        Kind.CERTIFICATE, fresh.name(), new Condition(Condition.ANY, true), _ -> fresh, content);
  }

  public static <E extends Entry<E>> Edit<E> remove(
      Kind<E> kind, String name, Condition condition) {
    return new Edit<>(kind, name, condition, null, null);
  }
}
