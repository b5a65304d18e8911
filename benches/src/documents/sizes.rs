//! Sizes of documents as they are found on disks: many small ones, a few that hold most of the bytes.

use super::random::Random;

/// Spread of the natural logarithm of the size. With it a mean of 0.5 MB gives a median of 0.19 MB, and
/// a tenth of the files holds six tenths of the bytes.
const SPREAD: f64 = 1.4;

/// No document is smaller.
const SMALLEST: f64 = 8.0 * 1024.0;

/// No document is larger than so many times the mean.
const LARGEST_OF_MEAN: f64 = 16.0;

/// `count` sizes in bytes whose mean is `mean`, in random order.
///
/// They are the quantiles of a clipped log-normal distribution rather than draws from it: so two sets
/// of different seeds differ in their documents and not in how many large ones they happened to get.
pub(crate) fn sizes(count: usize, mean: u64, random: &mut Random) -> Vec<usize> {
    let mean = mean as f64;
    let mut median = mean / (SPREAD * SPREAD / 2.0).exp();
    let mut sizes = vec![0.0; count];
    for _ in 0..30 {
        for (rank, size) in sizes.iter_mut().enumerate() {
            let quantile = normal_quantile((rank as f64 + 0.5) / count as f64);
            *size = (median * (SPREAD * quantile).exp()).clamp(SMALLEST, mean * LARGEST_OF_MEAN);
        }
        median *= mean * count as f64 / sizes.iter().sum::<f64>();
    }
    let mut sizes: Vec<usize> = sizes.into_iter().map(|size| size as usize).collect();
    random.shuffle(&mut sizes);
    sizes
}

/// The quantile of the standard normal distribution, to within 0.0005 (Abramowitz and Stegun 26.2.23).
fn normal_quantile(probability: f64) -> f64 {
    let t = (-2.0 * probability.min(1.0 - probability).ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let distance = t - above / below;
    if probability < 0.5 {
        -distance
    } else {
        distance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_the_one_asked_for() {
        for mean in [512 << 10, 2 << 20] {
            let sizes = sizes(500, mean, &mut Random::new(1));
            let got = sizes.iter().sum::<usize>() as f64 / 500.0;
            assert!((got / mean as f64 - 1.0).abs() < 0.01, "{got} for {mean}");
            assert!(sizes.iter().all(|size| *size >= 8 << 10));
        }
    }
}
