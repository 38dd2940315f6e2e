package io.signalbox.server.registry;

import org.jspecify.annotations.Nullable;

/**
 * On what a change depends.
 *
 * @param revision only if the entry is as it was then ({@link Entry#isAsAt}); {@link #ANY} for
 *     whatever it is
 * @param onlyCreate only if there is no such entry
 */
public record Condition(long revision, boolean onlyCreate) {
  public static final long ANY = -1;

  /** Whatever is there. */
  public static final Condition NONE = new Condition(ANY, false);

  <E extends Entry<E>> void check(Kind<E> kind, String name, @Nullable E existing)
      throws RegistryException {
    if (onlyCreate && existing != null) {
      throw new RegistryException(
          RegistryException.Reason.REVISION_CONFLICT,
          "the " + kind + " \"" + name + "\" exists, and it was to be created only");
    }
    if (revision != ANY && (existing == null || !existing.isAsAt(revision))) {
      throw new RegistryException(
          RegistryException.Reason.REVISION_CONFLICT,
          existing == null
              ? "there is no " + kind + " \"" + name + "\" any more; read again"
              : "the "
                  + kind
                  + " \""
                  + name
                  + "\" has revision "
                  + existing.stamp().revision()
                  + " now, not "
                  + revision
                  + "; read it again and repeat the change");
    }
  }
}
