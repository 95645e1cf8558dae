package org.opensva.conformance.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;

/** A program is its text. */
class ProgramTextTest {

    private static final Claims ALL =
            new Claims(EnumSet.allOf(Capability.class), ForeignHandlePolicy.REFUSE, 2);

    @Test
    void whatIsWrittenIsReadBack() throws ProgramFormatException {
        Set<Class<?>> kinds = new HashSet<>();
        for (Theme theme : Theme.values()) {
            for (long seed = 0; seed < 60; seed++) {
                Program program = ProgramGenerator.generate(ALL, theme, seed, 120);
                assertEquals(program, ProgramReader.read(program.text()));
                program.steps().forEach(step -> kinds.add(step.getClass()));
            }
        }
        assertEquals(Step.class.getPermittedSubclasses().length, kinds.size(), kinds.toString());
    }

    @Test
    void theSameSeedMakesTheSameProgramAndAnotherSeedAnother() {
        Program first = ProgramGenerator.generate(ALL, Theme.FORKS, 5, 80);
        assertEquals(first, ProgramGenerator.generate(ALL, Theme.FORKS, 5, 80));
        assertTrue(!first.equals(ProgramGenerator.generate(ALL, Theme.FORKS, 6, 80)));
    }

    @Test
    void blankLinesAndCommentsAreNoSteps() throws ProgramFormatException {
        assertEquals(
                1,
                ProgramReader.read("# a comment\n\n   p0   spawn  \n# p1 spawn\n").steps().size());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    p0 fly                   | 'fly' is not a step
                    p0                       | something is missing at its end
                    spawn                    | 'spawn' is not p and a number
                    p64 spawn                | 64 is not between 0 and 63
                    p0 map 11+2              | the window has 12 pages
                    p0 map x                 | 'x' is not a number
                    p0 map 1+1 shared 8      | 8 is not between 0 and 7
                    p0 map 1+4 shared 6      | the object has 8 pages
                    p0 map 1 often 2         | 'often' is neither shared nor private
                    p0 protect 1 maybe       | 'maybe' is not known here
                    p0 store 1 17            | '17' is not 0x and up to 16 hexadecimal digits
                    p0 read 1 at q0          | 'at' stands where 'by' belongs
                    p0 load 1 2              | '2' is too much
                    """)
    void whatIsNoStepIsNamedWithItsLine(String line, String reason) {
        ProgramFormatException e =
                assertThrows(
                        ProgramFormatException.class,
                        () -> ProgramReader.read("p0 spawn\n" + line.strip()));
        assertEquals("line 2, '%s': %s".formatted(line.strip(), reason.strip()), e.getMessage());
    }

    @Test
    void anyTextIsAProgramOrAnErrorOfOneLine() {
        Random random = new Random(3);
        String alphabet = "p0123 q+x-spawnforkmapunmapreadwritebyonshared\n\t#\u0000";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder("p0 ");
            for (int n = random.nextInt(24); n > 0; n--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                ProgramReader.read(text.toString());
            } catch (ProgramFormatException e) {
                assertEquals(1, String.valueOf(e.getMessage()).lines().count());
            }
        }
    }
}
