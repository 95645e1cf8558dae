package org.opensva.vtd.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The inputs that a coverage-guided fuzzer found worth keeping, carried out again without one, and
 * a few mutations of each.
 */
public final class Corpus {

    private Corpus() {}

    /**
     * Carries every input of a target out.
     *
     * @param target name of the target, which is the name of its directory
     * @param mutations how many mutations of each input are tried as well
     * @return how many inputs there are
     */
    public static int replay(String target, int mutations, Consumer<byte[]> fuzzer) {
        SplittableRandom random = new SplittableRandom(target.hashCode());
        List<Path> inputs = inputs(target);
        for (Path input : inputs) {
            byte[] bytes = read(input);
            run(input.getFileName() + "", bytes, fuzzer);
            for (int i = 0; i < mutations; i++) {
                byte[] mutant = mutant(bytes, random);
                run("mutation " + i + " of " + input.getFileName(), mutant, fuzzer);
            }
        }
        return inputs.size();
    }

    private static void run(String name, byte[] bytes, Consumer<byte[]> fuzzer) {
        try {
            fuzzer.accept(bytes);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(name + ": " + Arrays.toString(bytes), e);
        }
    }

    private static byte[] mutant(byte[] bytes, SplittableRandom random) {
        byte[] mutant = Arrays.copyOf(bytes, bytes.length + random.nextInt(8));
        if (mutant.length > 0) {
            for (int i = random.nextInt(4); i >= 0; i--) {
                mutant[random.nextInt(mutant.length)] ^= (byte) (1 << random.nextInt(8));
            }
        }
        return mutant;
    }

    private static List<Path> inputs(String target) {
        URL directory = Corpus.class.getResource("/fuzz/" + target);
        if (directory == null) {
            throw new AssertionError("no corpus of " + target);
        }
        try (Stream<Path> files = Files.list(Path.of(directory.toURI()))) {
            return files.sorted().toList();
        } catch (IOException | URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
