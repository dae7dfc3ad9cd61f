/** In-place radix-2 Fourier transform; both arrays have the same length, a power of two. */
function transform(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j] ?? 0, real[i] ?? 0];
      [imaginary[i], imaginary[j]] = [imaginary[j] ?? 0, imaginary[i] ?? 0];
    }
  }
  const turn = (-2 * Math.PI) / size;
  const cosines = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos(turn * k));
  const sines = Float64Array.from({ length: size / 2 }, (_, k) => Math.sin(turn * k));
  for (let half = 1; half < size; half <<= 1) {
    const stride = size / (2 * half);
    for (let block = 0; block < size; block += 2 * half) {
      for (let k = 0; k < half; k++) {
        const even = block + k;
        const odd = even + half;
        const cosine = cosines[k * stride] ?? 0;
        const sine = sines[k * stride] ?? 0;
        const re = (real[odd] ?? 0) * cosine - (imaginary[odd] ?? 0) * sine;
        const im = (real[odd] ?? 0) * sine + (imaginary[odd] ?? 0) * cosine;
        real[odd] = (real[even] ?? 0) - re;
        imaginary[odd] = (imaginary[even] ?? 0) - im;
        real[even] = (real[even] ?? 0) + re;
        imaginary[even] = (imaginary[even] ?? 0) + im;
      }
    }
  }
}

/** Linear convolution, a.length + b.length - 1 values; through the transform, since a minute against a clip is 10^10 products. */
export function convolve(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const length = a.length + b.length - 1;
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, length)));
  // Both are real, so they go through one transform as the real and the imaginary part, and come apart again by symmetry.
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  real.set(a);
  imaginary.set(b);
  transform(real, imaginary);
  const productReal = new Float64Array(size);
  const productImaginary = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    const mirror = (size - k) % size;
    const re = real[k] ?? 0;
    const im = imaginary[k] ?? 0;
    const mirrorRe = real[mirror] ?? 0;
    const mirrorIm = imaginary[mirror] ?? 0;
    const aRe = (re + mirrorRe) / 2;
    const aIm = (im - mirrorIm) / 2;
    const bRe = (im + mirrorIm) / 2;
    const bIm = (mirrorRe - re) / 2;
    productReal[k] = aRe * bRe - aIm * bIm;
    // Conjugated, so that a second forward transform is the inverse one.
    productImaginary[k] = -(aRe * bIm + aIm * bRe);
  }
  transform(productReal, productImaginary);
  return productReal.subarray(0, length).map((value) => value / size);
}
