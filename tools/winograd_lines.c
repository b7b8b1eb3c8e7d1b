/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes winograd_lines.clh: the one-dimensional transforms of Winograd's minimal filtering
 * algorithms F(m, r) as straight-line OpenCL C, from their interpolation points alone; and
 * winograd_algorithms.h, the host's list of them.
 *
 * y = A^T [(G g) * (B^T d)] gives m outputs of an r-tap correlation from n = m + r - 1 inputs with n
 * products (Winograd 1980; Lavin and Gray, arXiv 1509.09308). By Toom and Cook's construction, with
 * points p_0 .. p_{n-2} and infinity,
 *   A^T[i][j] = p_j^i                                last column: 1 in the last row
 *   G[j][i]   = p_j^i / |N_j|                        last row:    1 in the last column
 *   B^T[j]    = sign(N_j) * coefficients of prod_{l != j} (x - p_l); last row: of prod_l (x - p_l)
 * with N_j = prod_{l != j} (p_j - p_l). All is computed in exact fractions.
 *
 * Usage: winograd_lines LINES ALGORITHMS      (runs at build time only)
 */
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 6 }; /* points with infinity */

typedef struct Fraction {
    long over, under; /* under > 0 */
} Fraction;

/* n = 3 .. 6 points: small numbers first, then those that round least in f32. */
static const Fraction points[] = {{0, 1}, {1, 1}, {-1, 1}, {1, 2}, {-2, 1}};

typedef struct Matrix {
    int rows, cols;
    Fraction at[MOST][MOST];
} Matrix;

static Fraction reduced(long over, long under)
{
    long a = labs(over), b = labs(under);

    while (b) {
        const long rest = a % b;
        a = b;
        b = rest;
    }
    a = under < 0 ? -a : a;
    return (Fraction){over / a, under / a};
}

static Fraction times(Fraction a, Fraction b)
{
    return reduced(a.over * b.over, a.under * b.under);
}

static Fraction minus(Fraction a, Fraction b)
{
    return reduced(a.over * b.under - b.over * a.under, a.under * b.under);
}

static Fraction power(Fraction p, int exponent)
{
    Fraction f = {1, 1};

    while (exponent-- > 0)
        f = times(f, p);
    return f;
}

/* Coefficients of the product of (x - p_l) over the first `count` points but `left_out`. */
static void product(Fraction *row, int count, int left_out)
{
    int degree = 0;

    row[0] = (Fraction){1, 1};
    for (int l = 0; l < count; l++) {
        if (l == left_out)
            continue;
        row[++degree] = (Fraction){0, 1};
        for (int i = degree; i >= 0; i--)
            row[i] = minus(i > 0 ? row[i - 1] : (Fraction){0, 1}, times(points[l], row[i]));
    }
    for (int i = degree + 1; i <= count; i++)
        row[i] = (Fraction){0, 1};
}

static void construct(int m, int r, Matrix *at, Matrix *g, Matrix *bt)
{
    const int n = m + r - 1;

    *at = (Matrix){.rows = m, .cols = n};
    *g = (Matrix){.rows = n, .cols = r};
    *bt = (Matrix){.rows = n, .cols = n};
    for (int j = 0; j < n; j++) {
        const int infinite = j == n - 1;
        Fraction norm = {1, 1};

        for (int l = 0; !infinite && l < n - 1; l++)
            if (l != j)
                norm = times(norm, minus(points[j], points[l]));
        const Fraction sign = {norm.over < 0 ? -1 : 1, 1};
        for (int i = 0; i < m; i++)
            at->at[i][j] = infinite ? (Fraction){i == m - 1, 1} : power(points[j], i);
        for (int i = 0; i < r; i++)
            g->at[j][i] = infinite
                              ? (Fraction){i == r - 1, 1}
                              : times(power(points[j], i), reduced(norm.under, labs(norm.over)));
        product(bt->at[j], n - 1, infinite ? -1 : j);
        for (int i = 0; i < n; i++)
            bt->at[j][i] = times(sign, bt->at[j][i]);
    }
}

static Matrix transposed(const Matrix *m)
{
    Matrix t = {.rows = m->cols, .cols = m->rows};

    for (int i = 0; i < m->rows; i++)
        for (int j = 0; j < m->cols; j++)
            t.at[j][i] = m->at[i][j];
    return t;
}

static double value(Fraction f)
{
    return (double)f.over / (double)f.under;
}

static int is_one(Fraction f, int sign)
{
    return f.over == sign && f.under == 1;
}

/* to[row] = sum of the row's factors times x: what has factor 1 is added, the rest fused. */
static void put_row(FILE *out, const Matrix *m, int row)
{
    const Fraction *f = m->at[row];
    int first = -1, fused = 0;

    for (int j = m->cols - 1; j >= 0; j--)
        if (f[j].over && (first < 0 || is_one(f[j], 1) || !is_one(f[first], 1)))
            first = j;
    fprintf(out, "    to[%d * to_step] = ", row);
    for (int j = 0; j < m->cols; j++)
        if (j != first && f[j].over && !is_one(f[j], 1) && !is_one(f[j], -1)) {
            fprintf(out, "FMA((VF)(%#.9gf), x%d, ", value(f[j]), j);
            fused++;
        }
    if (is_one(f[first], 1) || is_one(f[first], -1))
        fprintf(out, "%sx%d", f[first].over < 0 ? "-" : "", first);
    else
        fprintf(out, "%#.9gf * x%d", value(f[first]), first);
    for (int j = 0; j < m->cols; j++)
        if (j != first && (is_one(f[j], 1) || is_one(f[j], -1)))
            fprintf(out, " %c x%d", f[j].over < 0 ? '-' : '+', j);
    while (fused-- > 0)
        fputc(')', out);
    fputs(";\n", out);
}

static void put_function(FILE *out, const char *name, const char *what, const Matrix *m)
{
    fprintf(out,
            "\n/* %s: %d -> %d */\nvoid %s(VF *to, int to_step, const VF *from, int from_step)"
            "\n{\n",
            what, m->cols, m->rows, name);
    for (int j = 0; j < m->cols; j++)
        fprintf(out, "    const VF x%d = from[%d * from_step];\n", j, j);
    for (int i = 0; i < m->rows; i++)
        put_row(out, m, i);
    fputs("}\n", out);
}

static void put_lines(FILE *out, int m, int r)
{
    Matrix at, g, bt, a, gt;

    construct(m, r, &at, &g, &bt);
    a = transposed(&at);
    gt = transposed(&g);
    fprintf(out, "\n#if TILE == %d && TAPS == %d\n", m, r);
    put_function(out, "data_line", "B^T", &bt);
    put_function(out, "weight_line", "G", &g);
    put_function(out, "output_line", "A^T", &at);
    put_function(out, "spread_line", "A", &a);
    put_function(out, "gradient_line", "G^T", &gt);
    fputs("\n#endif\n", out);
}

static int is_dyadic(const Matrix *m)
{
    int all = 1;

    for (int i = 0; i < m->rows; i++)
        for (int j = 0; j < m->cols; j++)
            all &= (m->at[i][j].under & (m->at[i][j].under - 1)) == 0;
    return all;
}

static void put_row_of_list(FILE *out, int m, int r)
{
    Matrix at, g, bt;

    construct(m, r, &at, &g, &bt);
    fprintf(out, "    {%d, %d, %d},\n", m, r, is_dyadic(&at) && is_dyadic(&g) && is_dyadic(&bt));
}

int main(int argc, char **argv)
{
    /* Outputs and taps. Where two cost the same the first is taken. */
    static const int algorithms[][2] = {{3, 2}, {2, 2}, {4, 3}, {2, 3}, {3, 4}};
    const size_t count = sizeof(algorithms) / sizeof(algorithms[0]);
    FILE *lines = argc == 3 ? fopen(argv[1], "w") : NULL;
    FILE *list = lines ? fopen(argv[2], "w") : NULL;

    if (!list) {
        fprintf(stderr, "winograd_lines: usage: winograd_lines LINES ALGORITHMS\n");
        return 1;
    }
    fputs("/* Made by tools/winograd_lines.c, which says what this is. TILE: m, TAPS: r. */\n",
          lines);
    for (size_t i = 0; i < count; i++)
        put_lines(lines, algorithms[i][0], algorithms[i][1]);
    fputs("/* Made by tools/winograd_lines.c: the algorithms F(tile, taps) of winograd_lines.clh.\n"
          " * exact: all factors are dyadic fractions, small integers do not round. */\n"
          "typedef struct WinogradAlgorithm {\n    int tile, taps, exact;\n} WinogradAlgorithm;\n\n"
          "static const WinogradAlgorithm winograd_algorithms[] = {\n",
          list);
    for (size_t i = 0; i < count; i++)
        put_row_of_list(list, algorithms[i][0], algorithms[i][1]);
    fputs("};\n", list);
    return fclose(lines) == 0 && fclose(list) == 0 ? 0 : 1;
}
